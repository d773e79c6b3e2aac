import { query } from '../../src/platform/db/query';
import { describeInstalled, isInstalled } from '../helpers/installed';
import { startKillableServer, type KillableServer } from '../helpers/killable-server';
import { Seeded } from '../helpers/seeded';
import { expectNoErrors, expectNothingLeft } from './bridge-aftermath';
import { finishJobs, type Outcome } from './bridge-jobs';
import { MOMENTS, type Left, type Moment } from './bridge-moments';
import { pullOverBoth } from './bridge-pulls';
import { startAgain, until, within } from './bridge-waits';
import { LAYERS_OF, OF_REPOSITORY } from './bridge-work';
import { CRASH_SEED, someOf } from './crash-rounds';
import { recount } from './recount';

/*
 * Kills between two steps of the bridge. A lock in Postgres stops the server exactly before the statement that it would
 * run next.
 */

let place: KillableServer;
beforeAll(async () => {
  place = await within('the start of a server', startKillableServer());
});
afterAll(() => place.close());

// After a failure, the next test goes on.
beforeEach(async () => {
  if (place.server.process.signalCode !== null) await startAgain(place);
});

async function leftIn(repository: string): Promise<Left> {
  const { strayFiles } = await recount(place.database.db, place.blobDir);
  const [rows] = await query<Omit<Left, 'hasStrayFiles'>>(
    place.database.db,
    `with r as (${OF_REPOSITORY}), own as (select m.* from manifests m join r on r.id = m.repository_id),
       link as (select i.* from repository_images i join r on r.id = i.repository_id)
     select (select count(*)::int from tags where repository_id = r.id) as tags, (select count(*)::int from link) as images,
       (select count(*)::int from own) as manifests,
       (select count(*)::int from image_manifests where link_id in (select id from link)) as views,
       (select count(*)::int from platform_images where manifest_id in (select id from own)) as platforms,
       (select count(*)::int from manifest_twins where manifest_id in (select id from own)) as twins,
       (select count(*)::int from pending_images where manifest_id in (select id from own)) as pending,
       (select count(*)::int from blobs where diff_id is not null and (digest in (${LAYERS_OF})
          or digest in (select digest from repository_blobs where repository_id = r.id))) as facts
     from r`,
    [repository],
  );
  if (rows === undefined) throw new Error(`${repository} does not exist`);
  return { ...rows, hasStrayFiles: strayFiles.length > 0 };
}

const WAITING = `from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()`;

async function waiting(): Promise<string[]> {
  return (await query<{ query: string }>(place.database.db, `select query ${WAITING}`)).map((each) => each.query);
}

/** Waits until the server waits for the lock with the statement that comes next, or has done without. */
async function untilHeldUp(next: RegExp, isOver: () => boolean): Promise<void> {
  const isSo = async (): Promise<boolean> => isOver() || (await waiting()).some((sql) => next.test(sql));
  await until(`a lock that holds up ${String(next)}`, isSo, waiting);
}

/** Postgres would run the statements to their end when the lock is gone, and only then see that nobody waits for them. */
async function endWaiting(): Promise<void> {
  await query(place.database.db, `select pg_terminate_backend(pid) ${WAITING}`);
  await until('the end of the connections', async () => (await waiting()).length === 0, waiting);
}

/** Kills the server between two of its statements. */
async function killBefore({ lock, next }: Moment, repository: string, ask: () => Promise<Outcome>): Promise<Outcome> {
  const locking = await place.database.db.transaction();
  try {
    await query(locking, lock, lock.includes('$1') ? [repository] : []);
    let isOver = false;
    const asked = ask().finally(() => (isOver = true));
    asked.catch(() => undefined); // awaited below
    await untilHeldUp(next, () => isOver).finally(() => place.server.end('SIGKILL'));
    await endWaiting();
    return await asked;
  } finally {
    await locking.rollback();
  }
}

const PROGRAMS = ['xz', 'zstd'].map((program) => isInstalled(program, '--version'));

const SOME = someOf(MOMENTS);

describeInstalled(PROGRAMS.every(Boolean), `a kill between two steps of the bridge (seed ${CRASH_SEED})`, () => {
  it.each(SOME)('after a kill between $title, the same is asked again and completed (R266)', async (moment) => {
    const at = MOMENTS.indexOf(moment);
    const repository = `alice/moment${at}`;
    const work = moment.kind(new Seeded(`moment ${at}`), repository);
    await within('what the work is about', work.push(place));
    await work.forget?.(place);
    const outcome = await killBefore(moment, repository, () => work.ask(place));
    const left = await leftIn(repository);
    await startAgain(place);
    expect([outcome, left]).toEqual(['cut off', expect.objectContaining(moment.left)]);
    expect(await work.ask(place)).toBe('done');
    await expectNothingLeft(place);
  });

  it('everything is pulled whole over both protocols after the kills, no job is left, and no error is in the log (R266)', async () => {
    await finishJobs(place);
    expect(await pullOverBoth(place)).toBeGreaterThan(SOME.length);
    await expectNothingLeft(place);
    await expectNoErrors(place);
  });
});
