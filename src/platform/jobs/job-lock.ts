import type pg from 'pg';
import { KEEPALIVE, untilLost } from '../db/held-connection';

/*
 * Each run of a job holds two advisory locks of Postgres on its own connection: one proves that the job is running, the other one
 * that its runner lives. They end with the process or the connection. The queue's own locks end after four hours, whether the job
 * is still running or its process died in the first minute.
 */

/** Any numbers work, as long as every version uses the same ones. The second key is the hash of the job's name. */
const LOCK_CLASS = 7_301_003;

/** The second key is the hash of the runner, as the queue names it. */
const RUNNER_CLASS = 7_301_005;

const LOCK = `select pg_try_advisory_lock($1, hashtext($2)) as mine, pg_try_advisory_lock_shared($3, hashtext($4))`;

/**
 * Runs a job unless it is already running somewhere.
 *
 * @param job.runner - who has it, as the queue names them
 * @param stopping - passed on to the job
 * @param run - its signal is also aborted when the lock is lost: from then on another process may run the job
 * @returns false if it is running somewhere else
 * @throws Error when the lock was lost during the run, so that the queue runs the job again; whatever `run` throws
 */
export async function runAlone(
  pool: pg.Pool,
  { name, runner }: { readonly name: string; readonly runner: string | null },
  stopping: AbortSignal,
  run: (stopping: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const client = await pool.connect();
  const lost = new AbortController();
  const over = new AbortController();
  const onEnd = (): void => lost.abort();
  client.once('end', onEnd);
  try {
    await client.query(KEEPALIVE);
    const { rows } = await client.query<{ mine: boolean }>(LOCK, [LOCK_CLASS, name, RUNNER_CLASS, runner]);
    if (rows[0]?.mine !== true) return false;
    void untilLost(client, over.signal).then(onEnd);
    await run(AbortSignal.any([stopping, lost.signal]));
    if (lost.signal.aborted) throw new Error(`the lock of the job ${name} was lost while it ran`);
    return true;
  } finally {
    over.abort();
    client.off('end', onEnd);
    client.release(true); // the lock ends with the connection
  }
}

/**
 * A job that is queued again under its key while it is locked loses the key and all attempts, so that only the new one runs
 * again. The transaction that does so may have begun before the job was locked, and its time is then the earlier one.
 * Jobs of a named queue take hours and hold no lock: what they are about says whether their process lives (`requeue`).
 */
const RELEASE = `
  with abandoned as (
    select locked_by from graphile_worker.jobs where locked_by is not null group by locked_by
    having bool_and(queue_name is null) and max(locked_at) < now() - $2 * interval '1 millisecond'
      and not exists (
        select from pg_locks
        where locktype = 'advisory' and granted and classid = $1
          and database = (select oid from pg_database where datname = current_database())
          and objid::bigint = hashtext(locked_by)::bigint & 4294967295
      ))
  select graphile_worker.force_unlock_workers(array[locked_by]),
    array(select j.id from graphile_worker.jobs j where j.locked_by = abandoned.locked_by
      and j.key is null and j.attempts >= j.max_attempts
      and (j.updated_at > j.locked_at or (j.last_error is null and j.updated_at <> j.created_at))) as replaced
  from abandoned`;

/**
 * Gives jobs back to the queue whose runner is gone: they are locked in the queue, but nobody holds the lock of the runner.
 * Those that were queued again in the meantime are removed.
 *
 * @param graceMs - how long a job may have been locked without having begun
 * @returns how many runners were gone
 */
export async function releaseAbandonedJobs(pool: pg.Pool, graceMs: number): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query<{ replaced: string[] }>(RELEASE, [RUNNER_CLASS, graceMs]);
    const replaced = rows.flatMap((row) => row.replaced);
    await client.query('select graphile_worker.complete_jobs($1::bigint[])', [replaced]);
    await client.query('commit');
    client.release();
    return rows.length;
  } catch (error) {
    client.release(true);
    throw error;
  }
}
