import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import { dropQueued, findQueued, listQueued, retryQueued } from '../../platform/jobs/queued-jobs';
import type { JobState, QueuedJobRow } from '../../platform/jobs/queued-jobs';
import type { Actor } from '../access/actor';
import { doerOf } from '../access/doer';
import { recordEvent } from '../audit/audit';
import type { AuditAction } from '../audit/audit-action';
import { requireAdministratorLogin } from '../access/current-account';

/* The queue of jobs, for administrators: jobs that wait, that run, and that were given up. */

/** A job in the queue; finished jobs are not in it. */
export interface QueuedJob {
  readonly id: number;
  readonly name: string;
  /** `waiting` also includes one that failed and will be tried again */
  readonly state: JobState;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly lastError: string | undefined;
  /** not before */
  readonly runAt: Date;
  readonly createdAt: Date;
}

function fromRow(row: QueuedJobRow): QueuedJob {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    lastError: row.last_error ?? undefined,
    runAt: row.run_at,
    createdAt: row.created_at,
  };
}

/**
 * A range of the jobs, those due soonest first, and their total number.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden`
 */
export async function listJobs(
  ctx: Needs<'db'>,
  actor: Actor,
  { state, ...range }: Range & { readonly state?: JobState | undefined },
): Promise<{ total: number; jobs: QueuedJob[] }> {
  await requireAdministratorLogin(ctx, actor);
  const { total, rows } = await listQueued(ctx.db, state, range);
  return { total, jobs: rows.map(fromRow) };
}

async function change(
  ctx: Needs<'db'>,
  actor: Actor,
  id: number,
  { action, work }: { action: AuditAction; work: (tx: Db, id: number) => Promise<boolean> },
): Promise<void> {
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  await inTransaction(ctx.db, async (tx) => {
    const job = await findQueued(tx, id);
    if (job === undefined) throw new AppError('not_found', 'No such job: it may have finished');
    if (!(await work(tx, id))) throw new AppError('conflict', 'The job is running: wait until it has finished');
    await recordEvent(tx, doer, { action, subject: job.name, details: { job: id } });
  });
}

/**
 * Runs a job that failed or waits now, as if it had never failed.
 *
 * @throws AppError `not_found`, `conflict` while it runs, `unauthenticated`, `inactive`, `forbidden`
 */
export async function retryJob(ctx: Needs<'db'>, actor: Actor, id: number): Promise<void> {
  await change(ctx, actor, id, { action: 'job.retried', work: retryQueued });
}

/**
 * Removes a job from the queue: its work is not done.
 *
 * @throws AppError `not_found`, `conflict` while it runs, `unauthenticated`, `inactive`, `forbidden`
 */
export async function dropJob(ctx: Needs<'db'>, actor: Actor, id: number): Promise<void> {
  await change(ctx, actor, id, { action: 'job.dropped', work: dropQueued });
}
