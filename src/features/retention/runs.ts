import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import { enqueue } from '../../platform/jobs/queue';
import { recordEvent } from '../audit/audit';
import type { AdministeredRepository } from '../repositories/access';
import { lockAdministered } from '../repositories/get-repository';
import { displayName } from '../repositories/names';
import { rulesFrom } from './policies';
import { findApplying } from './policies.store';
import { areEmpty } from './rules';
import * as store from './runs.store';

/*
 * Runs of retention. Each is a row, of one repository. A run waits in the queue of jobs (`job.ts`) until `run.ts` carries
 * it out; a repository has at most one that waits or runs.
 */

/** The name, in the queue, of the job that carries out the runs that wait. */
export const RETENTION_JOB = 'retention';

/** A run, as it is now. */
export interface RetentionRun {
  readonly id: number;
  readonly state: store.RunState;
  /** undefined: the schedule */
  readonly requestedBy: string | undefined;
  readonly requestedAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** tags that were deleted until now */
  readonly deleted: number;
  /** tags that were left at its end */
  readonly kept: number | undefined;
  readonly error: string | undefined;
}

/** The run of a row. */
export function runFrom(row: store.RunRow): RetentionRun {
  return {
    id: row.id,
    state: row.state,
    requestedBy: row.requested_by ?? undefined,
    requestedAt: row.requested_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    deleted: row.deleted,
    kept: row.kept ?? undefined,
    error: row.error ?? undefined,
  };
}

/** A range of the runs in a repository, the newest first, and their total number. */
export async function listRetentionRuns(
  ctx: Needs<'db'>,
  { id }: AdministeredRepository,
  range: Range,
): Promise<{ total: number; runs: RetentionRun[] }> {
  const { total, rows } = await store.list(ctx.db, id, range);
  return { total, runs: rows.map(runFrom) };
}

/**
 * Starts a run in a repository: it begins within seconds.
 *
 * @throws AppError `conflict` when no policy says what to keep, or while a run waits or runs; as `lockAdministered`
 */
export async function startRetention(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<RetentionRun> {
  return inTransaction(ctx.db, async (tx) => {
    const { id, doer, ...name } = await lockAdministered(tx, repository);
    if (areEmpty(rulesFrom(await findApplying(tx, id)))) {
      throw new AppError('conflict', `No retention policy says which tags of ${displayName(name)} to keep`);
    }
    const run = await store.insert(tx, id, doer.name ?? '');
    if (run === undefined) throw new AppError('conflict', 'A run is already in progress: wait until it has ended');
    await enqueue(tx, RETENTION_JOB, {}, { key: RETENTION_JOB });
    const details = { run: run.id };
    await recordEvent(tx, doer, { action: 'retention.started', subject: displayName(name), details });
    return runFrom(run);
  });
}

/** Deletes the runs that were requested longer ago than this and have ended. @returns how many there were */
export async function forgetRetentionRuns(ctx: Needs<'db'>, olderThanMs: number): Promise<number> {
  return store.deleteBefore(ctx.db, olderThanMs);
}

/** Ends the runs that came with a backup: a restored server deletes nothing that its administrators have not seen. */
export async function endOpenRetentionRuns(tx: Db): Promise<void> {
  await store.failAll(tx, 'The server was restored from a backup');
}
