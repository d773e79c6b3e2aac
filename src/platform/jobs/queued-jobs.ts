import type { Db } from '../db/db';
import { query, queryPage, type Page, type Range } from '../db/query';

/** How it is with a job: `waiting` also includes one that failed and will be tried again. */
export type JobState = 'waiting' | 'running' | 'failed';

/** A job in the queue, without its payload, which may hold addresses of people. */
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
 * The jobs of the queue, those that are due first.
 *
 * @param state - undefined: all
 */
export async function listQueued(db: Db, state: JobState | undefined, range: Range): Promise<Page<QueuedJobRow>> {
  const text = `${SELECT} where $1::text is null or ${STATE} = $1 order by run_at, id`;
  return queryPage<QueuedJobRow>(db, text, [state ?? null], range);
}

/** A job; undefined when there is none: it may be done. */
export async function findQueued(db: Db, id: number): Promise<QueuedJobRow | undefined> {
  return (await query<QueuedJobRow>(db, `${SELECT} where id = $1`, [id]))[0];
}

/** Has a job run now, with all its attempts before it. @returns false when it runs, or is gone */
export async function retryQueued(db: Db, id: number): Promise<boolean> {
  const text = 'select 1 from graphile_worker.reschedule_jobs(array[$1::bigint], run_at => now(), attempts => 0)';
  return (await query(db, text, [id])).length > 0;
}

/** Takes a job out of the queue. @returns false when it runs, or is gone */
export async function dropQueued(db: Db, id: number): Promise<boolean> {
  return (await query(db, 'select 1 from graphile_worker.complete_jobs(array[$1::bigint])', [id])).length > 0;
}
