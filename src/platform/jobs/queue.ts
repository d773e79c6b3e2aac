import { createRequire } from 'node:module';
import type * as GraphileWorker from 'graphile-worker';
import pg from 'pg';
import type { z } from 'zod';
import type { Db } from '../db/db';
import { query } from '../db/query';

/**
 * Work that runs in the background. A scheduled job runs on one process at a time: a run that is due while another one
 * is in progress is skipped. Queued jobs run concurrently, and each has to end within a minute. A job that a crash or
 * an outage of Postgres ended is run again, so it must be idempotent.
 */
export interface Job {
  /** The name of the job in the queue. */
  readonly name: string;
  /**
   * When it runs by itself, in cron's five fields, UTC; each run happens on one process. Undefined: only when queued.
   */
  readonly schedule?: string;
  /**
   * It may take long, so it runs alone, as a scheduled job does; if it is queued during a run, it is tried again later,
   * whether it also has a schedule or not.
   */
  readonly isAlone?: true;
  /**
   * @param stopping - tells a long job to end early: the process is about to stop, or has lost Postgres, and another
   *   may run the job instead
   * @param payload - what was queued with it; a scheduled job ignores it
   */
  readonly run: (stopping: AbortSignal, payload?: unknown) => Promise<void>;
}

/**
 * A job that is queued with a payload. When `work` throws, it is run again: after 3, 7, 20 seconds and so on up to six
 * hours, until its attempts are used up.
 *
 * @param payload - the schema of the payload; a different payload fails like a job that throws
 */
export function queuedJob<S extends z.ZodType>(
  name: string,
  payload: S,
  work: (payload: z.infer<S>, stopping: AbortSignal) => Promise<void>,
): Job {
  return { name, run: async (stopping, given) => work(payload.parse(given), stopping) };
}

export interface EnqueueOptions {
  /** The job runs no earlier than this moment of the database's clock; undefined: at once. */
  readonly runAt?: Date;
  /** The job runs no earlier than this many milliseconds from now. */
  readonly afterMs?: number;
  /** The number of failures after which the job is given up; undefined: 25, which takes four days. */
  readonly maxAttempts?: number;
  /** Replaces a waiting job with the same key. */
  readonly key?: string;
  /** Nothing is queued if a job with the same key waits, runs or was given up. */
  readonly isOnlyIfMissing?: true;
  /** Jobs of one queue run one after the other, and are not returned to it when their process dies: see `requeue`. */
  readonly queueName?: string;
}

/**
 * Queues a job in a transaction: it runs when the transaction commits, and never if it is rolled back.
 *
 * @param tx - the transaction of the change that the job belongs to
 * @param payload - kept in the database until the job is done, so it must never contain a secret
 */
export async function enqueue(tx: Db, name: string, payload: object, options: EnqueueOptions = {}): Promise<void> {
  const { runAt, afterMs, maxAttempts, key, queueName, isOnlyIfMissing } = options;
  await query(
    tx,
    `select 1 from graphile_worker.add_job($1, $2::json, run_at => coalesce($3, now() + $6 * interval '1 millisecond'),
       max_attempts => $4, job_key => $5, queue_name => $7, job_key_mode => $8)`,
    [
      name,
      JSON.stringify(payload),
      runAt ?? null,
      maxAttempts ?? null,
      key ?? null,
      afterMs ?? null,
      queueName ?? null,
      isOnlyIfMissing === true ? 'unsafe_dedupe' : null,
    ],
  );
}

/**
 * Queues a job of a named queue again whose process is gone: it may still be marked as running, and so block its queue.
 *
 * @param tx - the transaction that found that the process is gone
 */
export async function requeue(
  tx: Db,
  name: string,
  payload: object,
  options: EnqueueOptions & { readonly key: string; readonly queueName: string },
): Promise<void> {
  await query(
    tx,
    `select graphile_worker.force_unlock_workers(array_agg(locked_by)) from graphile_worker.jobs
     where key = $1 and locked_by is not null having count(*) > 0`,
    [options.key],
  );
  await enqueue(tx, name, payload, options);
}

/** Most processes only queue jobs, which does not take the library. */
const load = createRequire(__filename);

/**
 * Creates or updates the queue's own tables, which live in a schema of their own; several processes may do so at once.
 *
 * @param db - where Postgres is: the library needs a pool of its own
 */
export async function migrateQueue(db: Db): Promise<void> {
  const { config } = db.client as { config: { connection: pg.PoolConfig } };
  const pool = new pg.Pool({ ...config.connection, max: 1 });
  // The user of a connection also receives its errors.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    const { runMigrations } = load('graphile-worker') as typeof GraphileWorker;
    await runMigrations({ pgPool: pool });
  } finally {
    await pool.end();
  }
}
