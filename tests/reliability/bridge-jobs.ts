import type { Db } from '../../src/platform/db/db';
import { query } from '../../src/platform/db/query';
import { enqueue } from '../../src/platform/jobs/queue';
import type { KillableServer } from '../helpers/killable-server';
import { startAgain, until } from './bridge-waits';

/* Work of the bridge that jobs do: what is left of it, and what becomes of it when the server is killed. */

/** What became of work: `cut off` if it had begun. */
export type Outcome = 'done' | 'cut off' | 'not begun';

/** What the bridge has left to do in the background. */
export interface Backlog {
  readonly jobs: readonly { readonly task_identifier: string; readonly last_error: string | null }[];
  /** manifests whose images are not derived */
  readonly pending: number;
  /** layers that nobody has read */
  readonly unread: number;
}

export async function backlogOf({ database: { db } }: KillableServer): Promise<Backlog> {
  const jobs = await query<Backlog['jobs'][number]>(
    db,
    'select task_identifier, last_error, attempts, run_at, locked_at from graphile_worker.jobs order by id',
  );
  const [counts] = await query<Omit<Backlog, 'jobs'>>(
    db,
    `select (select count(*)::int from pending_images) as pending,
       (select count(*)::int from blobs where unread_since is not null) as unread`,
  );
  return { jobs, pending: counts?.pending ?? 0, unread: counts?.unread ?? 0 };
}

const NOTHING: Backlog = { jobs: [], pending: 0, unread: 0 };

/** Waits until something is done, or its server has died before. */
export async function untilDone(place: KillableServer, what: string, isDone: () => Promise<boolean>): Promise<Outcome> {
  const { process } = place.server;
  await until(
    what,
    async () => process.signalCode !== null || (await isDone()),
    () => backlogOf(place),
  );
  return (await isDone()) ? 'done' : 'cut off';
}

/** Whether the server of the moment runs a job, or takes it next; those of killed ones stay locked for a while. */
async function isComing({ database: { db }, startedAt }: KillableServer, name: string): Promise<boolean> {
  const sql = `select 1 from graphile_worker.jobs where task_identifier = $1
    and (locked_at >= $2 or locked_at is null and run_at <= now() and attempts < max_attempts)`;
  return (await query(db, sql, [name, startedAt])).length > 0;
}

/** Waits until the server has ended the runs of a job that pushes have queued. */
export async function untilIdle(place: KillableServer, name: string): Promise<void> {
  await until(
    `the end of ${name}`,
    async () => !(await isComing(place, name)),
    () => backlogOf(place),
  );
}

async function isRunning({ database: { db }, startedAt }: KillableServer, name: string): Promise<boolean> {
  const sql = 'select 1 from graphile_worker.jobs where task_identifier = $1 and locked_at >= $2';
  return (await query(db, sql, [name, startedAt])).length > 0;
}

const queue = (db: Db, name: string): Promise<void> => enqueue(db, name, {}, { key: name });

/** Queues a job, and waits until it has done its work or its server has died. */
export async function outcomeOfJob(
  place: KillableServer,
  name: string,
  isDone: () => Promise<boolean>,
): Promise<Outcome> {
  const { db } = place.database;
  await queue(db, name);
  const outcome = await untilDone(place, name, async () => {
    if (await isDone()) return true;
    // It is put off as long as Postgres has not noticed the end of the run before.
    if (!(await isComing(place, name))) await queue(db, name);
    return false;
  });
  return outcome === 'done' || (await isRunning(place, name)) ? outcome : 'not begun';
}

/** Starts another server, and waits until it has done what the ones before have left: they died with their jobs. */
export async function finishJobs(place: KillableServer): Promise<void> {
  await place.server.end('SIGTERM');
  // They are given back after a minute.
  await place.database.db.raw(
    `update graphile_worker._private_jobs set locked_at = locked_at - interval '1 hour', run_at = now()`,
  );
  await startAgain(place);
  const isIdle = async (): Promise<boolean> => {
    const { jobs, pending, unread } = await backlogOf(place);
    return jobs.length + pending + unread === 0;
  };
  await until('the end of all jobs', isIdle, () => backlogOf(place));
  expect(await backlogOf(place)).toEqual(NOTHING);
}
