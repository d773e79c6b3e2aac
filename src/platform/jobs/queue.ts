import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import type { z } from 'zod';
import type { Db } from '../db/db';
import { query } from '../db/query';

/**
 * Work that goes on behind the requests. A scheduled job runs on one process at a time: a run that would begin while
 * another goes on is left out. Queued ones run beside each other, and each has to end within a minute. One that a crash
 * or an outage of Postgres ended is run again, so it must not mind to run twice.
 */
export interface Job {
  /** names it in the queue */
  readonly name: string;
  /** when it runs by itself, in cron's five fields, UTC; each run happens on one process. Without it: when queued */
  readonly schedule?: string;
  /** it may take long, so it runs alone as a scheduled one does; queued meanwhile, it is tried again later */
  readonly isAlone?: true;
  /**
   * @param stopping - tells a job that takes long to end early: the process is about to stop, or has lost Postgres, and
   *   another may run the job instead
   * @param payload - what was queued with it; a scheduled job does not look at it
   */
  readonly run: (stopping: AbortSignal, payload?: unknown) => Promise<void>;
}

/**
 * A job that is queued with a payload. When `work` throws, it is run again: after 3, 7, 20 seconds and so on up to six
 * hours, until its attempts are used up.
 *
 * @param payload - what the payload must look like; another one fails like a job that throws
 */
export function queuedJob<S extends z.ZodType>(
  name: string,
  payload: S,
  work: (payload: z.infer<S>, stopping: AbortSignal) => Promise<void>,
): Job {
  return { name, run: async (stopping, given) => work(payload.parse(given), stopping) };
}

export interface EnqueueOptions {
  /** not before this moment of the database's clock; undefined: at once */
  readonly runAt?: Date;
  /** not before so many milliseconds have passed */
  readonly afterMs?: number;
  /** after this many failures it is given up; undefined: 25, which takes four days */
  readonly maxAttempts?: number;
  /** a job that waits under the same key is replaced */
  readonly key?: string;
}

/**
 * Queues a job in a transaction: it runs when that commits, and never when that is rolled back.
 *
 * @param tx - of the change that the job belongs to
 * @param payload - kept in the database until the job is done, so never a secret
 */
export async function enqueue(tx: Db, name: string, payload: object, options: EnqueueOptions = {}): Promise<void> {
  const { runAt, afterMs, maxAttempts, key } = options;
  await query(
    tx,
    `select 1 from graphile_worker.add_job($1, $2::json, run_at => coalesce($3, now() + $6 * interval '1 millisecond'),
       max_attempts => $4, job_key => $5)`,
    [name, JSON.stringify(payload), runAt ?? null, maxAttempts ?? null, key ?? null, afterMs ?? null],
  );
}

/**
 * Makes or updates the queue's own tables, which live in a schema of their own; several processes may do so at once.
 *
 * @param db - knows where Postgres is: the library needs a pool of its own
 */
export async function migrateQueue(db: Db): Promise<void> {
  const { config } = db.client as { config: { connection: pg.PoolConfig } };
  const pool = new pg.Pool({ ...config.connection, max: 1 });
  // An error of a connection in use reaches whoever uses it.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    await runMigrations({ pgPool: pool });
  } finally {
    await pool.end();
  }
}
