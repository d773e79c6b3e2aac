import pg from 'pg';
import type { Actor } from '../../../src/features/access/actor';
import { listEvents } from '../../../src/features/audit/audit';
import { maintenanceJob } from '../../../src/features/maintenance/run-job';
import {
  cancelMaintenance,
  forgetMaintenance,
  getMaintenance,
  startMaintenance,
  type MaintenanceRun,
} from '../../../src/features/maintenance/runs';
import type { Db } from '../../../src/platform/db/db';
import { runAlone } from '../../../src/platform/jobs/job-lock';
import { actorOf } from '../../helpers/actors';
import { createImage, pushImages } from '../../helpers/images';
import { makeJobsDue, queuedJobs, runDueJobs } from '../../helpers/run-jobs';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { untilOneWaits } from '../../helpers/lock-waits';
import { waitUntil } from '../../helpers/wait-until';

const BEAT_MS = 20;

let server: TestServer;
let root: Actor;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
  root = await actorOf(server, 'root');
});
afterEach(() => server.close());

const start = async (kind: MaintenanceRun['kind']): Promise<number> =>
  (await startMaintenance(server.ctx, root, kind)).id;
const show = (id: number): Promise<MaintenanceRun> => getMaintenance(server.ctx, root, id);
const job = () => maintenanceJob(server.ctx, BEAT_MS);
const runAll = (stopping = new AbortController().signal): Promise<void> => job().run(stopping);
const rowsOf = (table: string) => server.ctx.db(table);
const actions = async (action: string): Promise<string[]> =>
  (await listEvents(server.ctx, { action, limit: 20 })).map((event) => event.action);

/** Pushes three repositories, in the order of gc, each with an image that is two days old and that no tag reaches. */
async function pushGarbage(): Promise<void> {
  for (const name of ['one', 'three', 'two']) await pushImages(server, `alice/${name}`, [createImage()]);
  await rowsOf('tags').delete();
  const then = new Date(Date.now() - 2 * 24 * 3_600_000);
  await rowsOf('repository_images').update({ announced_at: then });
  await rowsOf('blobs').update({ referenced_at: then });
}

/** The time of the last sign of life of a run, with which it also checks whether it was cancelled. */
async function seenAt(id: number): Promise<number> {
  const row = await server.ctx.db<{ id: number; seen_at: Date }>('maintenance_runs').where({ id }).first('seen_at');
  return row?.seen_at.getTime() ?? 0;
}

/** Runs until a statement waits for a foreign lock, calls `inMidRun`, and lets the run go on. */
async function stopAt(
  lock: (tx: Db) => Promise<unknown>,
  inMidRun: () => Promise<void>,
  stopping?: AbortSignal,
): Promise<void> {
  const locking = await server.ctx.db.transaction();
  await lock(locking);
  const running = runAll(stopping);
  running.catch(() => undefined);
  await untilOneWaits(server.ctx.db);
  await inMidRun();
  await locking.rollback();
  await running;
}

const lockSecondRepository = (tx: Db) =>
  tx.raw(`select 1 from repository_images i join repositories r on r.id = i.repository_id where r.name = 'three'
    for update of i`);

async function cancelAndBeHeard(id: number): Promise<void> {
  const answer = await cancelMaintenance(server.ctx, root, id);
  expect(answer).toMatchObject({ state: 'running', isCancelRequested: true });
  const then = await seenAt(id);
  await waitUntil('a sign of life of the run', async () => (await seenAt(id)) > then);
}

describe('a run that is cancelled in progress', () => {
  it('ends between two repositories if it is gc, and what it freed by then stays freed', async () => {
    await pushGarbage();
    const id = await start('gc');
    await stopAt(lockSecondRepository, () => cancelAndBeHeard(id));
    expect(await show(id)).toMatchObject({
      state: 'cancelled',
      progress: { repositories: 3, done: 2 },
      error: undefined,
    });
    expect((await show(id)).finishedAt).toBeInstanceOf(Date);
    expect(await rowsOf('blobs')).toHaveLength(1);
    expect(await actions('gc')).toEqual(['gc.freed', 'gc.freed']);
    await expect(cancelMaintenance(server.ctx, root, id)).rejects.toMatchObject({ code: 'conflict' });
    const next = await start('gc');
    await runAll();
    expect(await show(next)).toMatchObject({ state: 'finished', result: { images: 1 } });
  });

  it('frees nothing if it is a dry run of gc', async () => {
    await pushGarbage();
    const id = await start('gc_dry_run');
    await stopAt(lockSecondRepository, () => cancelAndBeHeard(id));
    expect((await show(id)).state).toBe('cancelled');
    expect(await rowsOf('blobs')).toHaveLength(3);
  });

  it('ends before the next layer if it is a scrub, and is not recorded as one', async () => {
    await pushImages(server, 'alice/app', [createImage(), createImage(), createImage()]);
    const id = await start('scrub');
    await stopAt(
      (tx) => tx.raw('select 1 from blobs for update'),
      () => cancelAndBeHeard(id),
    );
    expect(await show(id)).toMatchObject({ state: 'cancelled', progress: { layers: 1 } });
    expect(await rowsOf('blobs').whereNull('verified_at')).toHaveLength(2);
    expect(await actions('scrub')).toEqual([]);
    await start('scrub');
    await runAll();
    expect(await actions('scrub')).toEqual(['scrub.run']);
  });
});

describe('a process that stops during a run', () => {
  it('breaks the run off, passes on the runs that wait, and lets a new one start', async () => {
    await pushGarbage();
    const id = await start('gc');
    const waits = await start('scrub');
    const stopping = new AbortController();
    const stopped = stopAt(lockSecondRepository, () => Promise.resolve(stopping.abort()), stopping.signal);
    await expect(stopped).rejects.toThrow('the process is stopping'); // so the queue runs the job again
    expect(await show(id)).toMatchObject({
      state: 'broken_off',
      error: 'The server stopped during the run: start it again',
    });
    expect((await show(waits)).state).toBe('waiting');
    expect(await actions('gc.run')).toEqual([]);
    const next = await start('gc');
    await runAll();
    for (const one of [next, waits]) expect((await show(one)).state).toBe('finished');
    expect((await show(id)).state).toBe('broken_off');
  });
});

describe('a run that fails', () => {
  it('is shown as failed without internal details, and is not begun again', async () => {
    await pushGarbage();
    await server.ctx.db.raw('alter table tags rename to elsewhere');
    const id = await start('gc');
    await start('scrub');
    await runDueJobs(server.database, [job()]);
    const { state, error } = await show(id);
    expect([state, error]).toEqual(['failed', `Something went wrong. See the server's log for run ${id}`]);
    expect((await queuedJobs(server.database)).filter(({ name }) => name === 'maintenance')).toEqual([]);
    const { rows } = await server.ctx.db.raw<{ rows: object[] }>(
      'select kind, state from maintenance_runs order by id',
    );
    expect(rows).toEqual([
      { kind: 'gc', state: 'failed' },
      { kind: 'scrub', state: 'finished' }, // the runs after it are not affected
    ]);
    await server.ctx.db.raw('alter table elsewhere rename to tags');
    const next = await start('gc');
    await runDueJobs(server.database, [job()]);
    expect((await show(next)).state).toBe('finished');
  });
});

describe('while another process runs maintenance', () => {
  it('a run waits for its turn, and gets it later', async () => {
    const other = new pg.Pool({ ...server.database.connection, ssl: false, max: 1 });
    const id = await start('scrub');
    await runAlone(other, { name: 'maintenance', runner: 'another' }, new AbortController().signal, async () => {
      await runDueJobs(server.database, [job()]);
      expect((await show(id)).state).toBe('waiting');
      expect(await queuedJobs(server.database)).toMatchObject([
        { name: 'maintenance', attempts: 1, lastError: expect.stringContaining('is already running') as string },
      ]);
    });
    await other.end();
    await makeJobsDue(server.database);
    await runDueJobs(server.database, [job()]);
    expect((await show(id)).state).toBe('finished');
    expect(await queuedJobs(server.database)).toEqual([]);
  });
});

it('of administrators who start the same run at once, one succeeds and the others get a conflict', async () => {
  await addUser(server, 'ruth', { isAdmin: true });
  const actors = [root, await actorOf(server, 'ruth'), root, root];
  const results = await Promise.allSettled(actors.map((actor) => startMaintenance(server.ctx, actor, 'gc')));
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  expect(refused).toMatchObject(Array(3).fill({ code: 'conflict' }));
  expect(await rowsOf('maintenance_runs')).toHaveLength(1);
  expect(await queuedJobs(server.database)).toHaveLength(1);
  expect(await actions('maintenance.started')).toHaveLength(1);
});

it('old runs are deleted, unless they are still running', async () => {
  const [over, waits] = [await start('gc'), await start('scrub')];
  await cancelMaintenance(server.ctx, root, over);
  const recent = await start('gc');
  const old = { requested_at: new Date(Date.now() - 3_600_000) };
  await rowsOf('maintenance_runs').whereIn('id', [over, waits]).update(old);
  expect(await forgetMaintenance(server.ctx, 1_800_000)).toBe(1);
  const kept = await rowsOf('maintenance_runs').orderBy('id').pluck('id');
  expect(kept).toEqual([waits, recent]);
});
