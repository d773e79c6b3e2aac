import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '../../src/platform/db/query';
import { startKillableServer, type KillableServer } from '../helpers/killable-server';
import { Seeded } from '../helpers/seeded';
import { expectNoErrors, expectNothingLeft, finishJobs } from './bridge-aftermath';
import { pullOverBoth } from './bridge-pulls';
import {
  derive,
  deriveLater,
  LAYERS_OF,
  OF_REPOSITORY,
  readInBackground,
  twins,
  type Kind,
  type Outcome,
} from './bridge-work';
import { recount } from './recount';

/*
 * Kills between two steps of the bridge. A lock in Postgres stops the server exactly before the statement that it would
 * run next.
 */

let place: KillableServer;
beforeAll(async () => {
  place = await startKillableServer();
});
afterAll(() => place.close());

/** What a kill has left: files without a row, and rows of the repository. */
interface Left {
  readonly strayFiles: number;
  readonly tags: number;
  readonly images: number;
  readonly manifests: number;
  readonly views: number;
  /** layers that have been read */
  readonly facts: number;
}

interface Moment {
  /** between which two steps */
  readonly title: string;
  readonly kind: Kind;
  /** the statement that the server does not get to run */
  readonly next: RegExp;
  /** holds it up; the name of the repository is `$1` */
  readonly lock: string;
  readonly left: Partial<Left>;
}

const writesTo = (table: string): string => `lock table ${table} in share mode`;
const FACTS_OF_XZ = `select 1 from blobs where digest in (${LAYERS_OF}) and size_bytes > 0 for no key update`;

/** Layers that need twins, read in the background. */
const twinsLater: Kind = (seeded, repository) => {
  const { prepare } = twins(seeded, repository);
  return { prepare, ask: (on) => readInBackground(on, repository) };
};

/** The view of an image whose layers have been read. */
const viewOfRead: Kind = (seeded, repository) => {
  const { prepare, ask } = twins(seeded, repository);
  return {
    prepare: async (on) => {
      await prepare(on);
      expect(await readInBackground(on, repository)).toBe('done');
    },
    ask,
  };
};

const NO_VIEW = { images: 2, manifests: 0, views: 0 };
const NOT_PUSHED = { strayFiles: 0, tags: 0, images: 0, manifests: 2, views: 0 };
const NOT_DERIVED = { strayFiles: 0, tags: 5, images: 0, manifests: 6, views: 0 };

const MOMENTS: readonly Moment[] = [
  {
    title: 'the bytes of the config of a view and their row',
    kind: viewOfRead,
    lock: writesTo('blobs'),
    next: /^insert into blobs/,
    left: { ...NO_VIEW, strayFiles: 1, facts: 2 },
  },
  {
    title: 'the config of a view and its manifest',
    kind: viewOfRead,
    lock: writesTo('manifests'),
    next: /^insert into manifests/,
    left: { ...NO_VIEW, strayFiles: 1, facts: 2 },
  },
  {
    title: 'the manifest of a view and the view',
    kind: viewOfRead,
    lock: writesTo('image_manifests'),
    next: /^insert into image_manifests/,
    left: { ...NO_VIEW, strayFiles: 1, facts: 2 },
  },
  {
    title: 'the bytes of a twin and their row',
    kind: twins,
    lock: writesTo('blobs'),
    next: /^insert into blobs/,
    left: { ...NO_VIEW, strayFiles: 1, facts: 0 },
  },
  {
    title: 'the row of a twin and the facts of its layer',
    kind: twins,
    lock: FACTS_OF_XZ,
    next: /^update blobs set compression/,
    left: { ...NO_VIEW, strayFiles: 1, facts: 1 },
  },
  {
    title: 'twins and the view that needs them',
    kind: twins,
    lock: writesTo('manifests'),
    next: /^insert into manifests/,
    left: { ...NO_VIEW, strayFiles: 1, facts: 2 },
  },
  {
    title: 'the bytes of a twin and their row, in the background',
    kind: twinsLater,
    lock: writesTo('blobs'),
    next: /^insert into blobs/,
    left: { ...NO_VIEW, strayFiles: 1, facts: 0 },
  },
  {
    title: 'the row of a twin and the facts of its layer, in the background',
    kind: twinsLater,
    lock: FACTS_OF_XZ,
    next: /^update blobs set compression/,
    left: { ...NO_VIEW, strayFiles: 1 }, // which layer comes first depends on their digests
  },
  {
    title: 'a pushed manifest and its derived images',
    kind: derive,
    lock: writesTo('image_contents'),
    next: /insert into image_contents/,
    left: NOT_PUSHED,
  },
  {
    title: 'derived images and the record of what they were derived from',
    kind: derive,
    lock: writesTo('image_manifests'),
    next: /^insert into image_manifests/,
    left: NOT_PUSHED,
  },
  {
    title: 'derived images and the tag',
    kind: derive,
    lock: writesTo('tags'),
    next: /update tags t set image_id/,
    left: NOT_PUSHED,
  },
  {
    title: 'the tag of derived images and its history',
    kind: derive,
    lock: writesTo('tag_events'),
    next: /insert into tag_events/,
    left: NOT_PUSHED,
  },
  {
    title: 'images that are derived in the background and what they were derived from',
    kind: deriveLater,
    lock: writesTo('image_manifests'),
    next: /^insert into image_manifests/,
    left: NOT_DERIVED,
  },
  {
    title: 'images that are derived in the background and their tag',
    kind: deriveLater,
    lock: writesTo('tags'),
    next: /^update tags set image_id/,
    left: NOT_DERIVED,
  },
];

async function leftIn(repository: string): Promise<Left> {
  const { strayFiles } = await recount(place.database.db, place.blobDir);
  const [rows] = await query<Omit<Left, 'strayFiles'>>(
    place.database.db,
    `select (select count(*)::int from tags where repository_id = r.id) as tags,
       (select count(*)::int from repository_images where repository_id = r.id) as images,
       (select count(*)::int from manifests where repository_id = r.id) as manifests,
       (select count(*)::int from image_manifests v join repository_images i on i.id = v.link_id
         where i.repository_id = r.id) as views,
       (select count(*)::int from blobs where digest in (${LAYERS_OF}) and diff_id is not null) as facts
     from repositories r where r.id in (${OF_REPOSITORY})`,
    [repository],
  );
  if (rows === undefined) throw new Error(`${repository} does not exist`);
  return { ...rows, strayFiles: strayFiles.length };
}

const WAITING = `select query from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()`;

/** Waits until the server waits for the lock with the statement that comes next. */
async function untilHeldUp(next: RegExp): Promise<void> {
  let waiting: string[] = [];
  // The server itself gives up after ten seconds.
  for (let tries = 0; tries < 1500; tries += 1) {
    const rows = await query<{ query: string }>(place.database.db, WAITING);
    waiting = rows.map((each) => each.query);
    if (waiting.some((sql) => next.test(sql))) return;
    await sleep(5);
  }
  throw new Error(`the server was not held up in ${String(next)}, but in: ${waiting.join('; ')}`);
}

/** Kills the server between two of its statements. */
async function killBefore({ lock, next }: Moment, repository: string, ask: () => Promise<Outcome>): Promise<Outcome> {
  const locking = await place.database.db.transaction();
  try {
    await query(locking, lock, lock.includes('$1') ? [repository] : []);
    const asked = ask();
    await Promise.race([untilHeldUp(next), asked]);
    await place.server.end('SIGKILL');
    return await asked;
  } finally {
    await locking.rollback();
  }
}

it.each(MOMENTS)('after a kill between $title, the same is asked again and completed', async (moment) => {
  const at = MOMENTS.indexOf(moment);
  const repository = `alice/moment${at}`;
  const work = moment.kind(new Seeded(`moment ${at}`), repository);
  await work.prepare(place);
  const outcome = await killBefore(moment, repository, () => work.ask(place));
  const left = await leftIn(repository);
  await place.restart();
  expect([outcome, left]).toEqual(['cut off', expect.objectContaining(moment.left)]);
  expect(await work.ask(place)).toBe('done');
  await expectNothingLeft(place);
});

it('everything is pulled whole over both protocols after the kills, no job is left, and no error is in the log', async () => {
  await finishJobs(place);
  expect(await pullOverBoth(place)).toBeGreaterThan(MOMENTS.length);
  await expectNothingLeft(place);
  await expectNoErrors(place);
});
