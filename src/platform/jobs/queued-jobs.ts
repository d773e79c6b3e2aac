import type { Db } from '../db/db';
import { query, queryPage, type Page, type Range } from '../db/query';

/** The state of a job: `waiting` also includes a job that failed and will be tried again. */
export type JobState = 'waiting' | 'running' | 'failed';

/** A job in the queue, without its payload, which may contain email addresses. */
export interface QueuedJobRow {
  id: number;
  name: string;
  state: JobState;
  attempts: number;
  max_attempts: number;
  last_error: string | null;
  run_at: Date;
  created_at: Date;
}

const STATE = `case when locked_at is not null then 'running' when attempts >= max_attempts then 'failed'
  else 'waiting' end`;
const SELECT = `select id, task_identifier as name, ${STATE} as state, attempts, max_attempts, last_error, run_at, created_at
  from graphile_worker.jobs`;

/**
 * Lists the jobs of the queue, those that are due first.
 *
 * @param state - undefined: all
 */
export async function listQueued(db: Db, state: JobState | undefined, range: Range): Promise<Page<QueuedJobRow>> {
  const text = `${SELECT} where $1::text is null or ${STATE} = $1 order by run_at, id`;
  return queryPage<QueuedJobRow>(db, text, [state ?? null], range);
}

/** Finds a job; undefined if there is none, because it may be done. */
export async function findQueued(db: Db, id: number): Promise<QueuedJobRow | undefined> {
  return (await query<QueuedJobRow>(db, `${SELECT} where id = $1`, [id]))[0];
}

/** Makes a job run now, with all its attempts. @returns false if it is running or gone */
export async function retryQueued(db: Db, id: number): Promise<boolean> {
  const text = 'select 1 from graphile_worker.reschedule_jobs(array[$1::bigint], run_at => now(), attempts => 0)';
  return (await query(db, text, [id])).length > 0;
}

/** Removes a job from the queue. @returns false if it is running or gone */
export async function dropQueued(db: Db, id: number): Promise<boolean> {
  return (await query(db, 'select 1 from graphile_worker.complete_jobs(array[$1::bigint])', [id])).length > 0;
}

/** How many jobs there are in each state, and for how long the oldest one has been due. */
export interface QueueFigures extends Record<JobState, number> {
  oldestSeconds: number;
}

/** Counts the jobs of the queue. */
export async function countQueued(db: Db): Promise<QueueFigures> {
  const [row] = await query<QueueFigures>(
    db,
    `select count(*) filter (where state = 'waiting')::int as waiting, count(*) filter (where state = 'running')::int as running,
       count(*) filter (where state = 'failed')::int as failed,
       coalesce(extract(epoch from now() - min(run_at) filter (where state = 'waiting' and run_at <= now())), 0)::float8
         as "oldestSeconds"
     from (select run_at, ${STATE} as state from graphile_worker.jobs) jobs`,
  );
  return row ?? { waiting: 0, running: 0, failed: 0, oldestSeconds: 0 };
}
