import { Logger as WorkerLogger, runOnce } from 'graphile-worker';
import pg from 'pg';
import type { Job } from '../../src/platform/jobs/queue';
import { reportingFailures, taskListOf } from '../../src/platform/jobs/worker';
import { createLogger, type Logger } from '../../src/platform/log/logger';
import type { TestDatabase } from './test-database';

/** Runs each due job of the list once; a job that fails is due again only later. */
export async function runDueJobs(
  database: TestDatabase,
  jobs: readonly Job[],
  log: Logger = createLogger('silent'),
): Promise<void> {
  const pool = new pg.Pool({ ...database.connection, ssl: false, max: 4 });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    await runOnce({
      pgPool: pool,
      noHandleSignals: true,
      logger: new WorkerLogger(() => () => undefined),
      events: reportingFailures(log),
      taskList: taskListOf(pool, jobs, new AbortController().signal, log),
    });
  } finally {
    await pool.end();
  }
}

/** A job that waits, as the queue has it. */
export interface QueuedRow {
  readonly name: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly isDue: boolean;
}

/** The jobs that wait, in the order of their queuing. */
export async function queuedJobs(database: TestDatabase): Promise<QueuedRow[]> {
  const { rows } = await database.db.raw<{ rows: QueuedRow[] }>(
    `select t.identifier as name, j.payload, j.attempts::int as attempts, j.last_error as "lastError",
       j.run_at <= now() and j.attempts < j.max_attempts as "isDue"
     from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id order by j.id`,
  );
  return rows;
}

/** Makes failed jobs due at once, without waiting for their next attempt. */
export async function makeJobsDue(database: TestDatabase): Promise<void> {
  await database.db.raw('update graphile_worker._private_jobs set run_at = now()');
}
