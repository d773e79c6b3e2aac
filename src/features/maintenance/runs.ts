import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { enqueue } from '../../platform/jobs/queue';
import type { Actor } from '../access/actor';
import { doerOf } from '../access/doer';
import { recordEvent } from '../audit/audit';
import { requireAdministratorLogin } from '../access/current-account';
import { MAINTENANCE_JOB } from './job-name';
import * as store from './runs.store';

/*
 * Runs of gc and scrub that administrators start and watch. Each run is a row; the job (`run-job.ts`) processes one
 * after the other. A run whose process died no longer gives signs of life, and is shown as broken off.
 */

/** A run, as it is now. */
export interface MaintenanceRun {
  readonly id: number;
  readonly kind: store.MaintenanceKind;
  readonly state: store.MaintenanceState;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly isCancelRequested: boolean;
  /** its progress, in numbers */
  readonly progress: Readonly<Record<string, number>>;
  /** its result, once it is finished */
  readonly result: Readonly<Record<string, unknown>> | undefined;
  readonly error: string | undefined;
}

function fromRow(row: store.RunRow): MaintenanceRun {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    isCancelRequested: row.is_cancel_requested,
    progress: row.progress,
    result: row.result ?? undefined,
    error: row.error ?? undefined,
  };
}

async function get(ctx: Needs<'db'>, id: number): Promise<MaintenanceRun> {
  const row = await store.find(ctx.db, id);
  if (row === undefined) throw new AppError('not_found', 'No such run');
  return fromRow(row);
}

/**
 * Starts a run: it waits in the queue of jobs for the runs before it.
 *
 * @throws AppError `conflict` while a run of the same kind waits or runs, `unauthenticated`, `inactive`, `forbidden`
 */
export async function startMaintenance(
  ctx: Needs<'db'>,
  actor: Actor,
  kind: store.MaintenanceKind,
): Promise<MaintenanceRun> {
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  try {
    const id = await inTransaction(ctx.db, async (tx) => {
      await store.breakOffDead(tx, false);
      const made = await store.insert(tx, kind, doer.name ?? '');
      await enqueue(tx, MAINTENANCE_JOB, {});
      const details = { run: made };
      await recordEvent(tx, doer, { action: 'maintenance.started', subject: kind, details });
      return made;
    });
    return await get(ctx, id);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError('conflict', 'A run of this kind is already in progress: wait for it or cancel it');
  }
}

/**
 * A range of the runs, the newest first, and their total number.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden`
 */
export async function listMaintenance(
  ctx: Needs<'db'>,
  actor: Actor,
  range: Range,
): Promise<{ total: number; runs: MaintenanceRun[] }> {
  await requireAdministratorLogin(ctx, actor);
  const { total, rows } = await store.list(ctx.db, range);
  return { total, runs: rows.map(fromRow) };
}

/** @throws AppError `not_found`, `unauthenticated`, `inactive`, `forbidden` */
export async function getMaintenance(ctx: Needs<'db'>, actor: Actor, id: number): Promise<MaintenanceRun> {
  await requireAdministratorLogin(ctx, actor);
  return get(ctx, id);
}

/**
 * Ends a run early: at once while it waits, otherwise within seconds. What gc has freed by then stays freed.
 *
 * @throws AppError `not_found`, `conflict` when it has ended, `unauthenticated`, `inactive`, `forbidden`
 */
export async function cancelMaintenance(ctx: Needs<'db'>, actor: Actor, id: number): Promise<MaintenanceRun> {
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  const { kind } = await get(ctx, id);
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.cancel(tx, id))) throw new AppError('conflict', 'This run has already ended');
    await recordEvent(tx, doer, { action: 'maintenance.cancelled', subject: kind, details: { run: id } });
  });
  return get(ctx, id);
}

/**
 * Deletes the runs that were requested longer ago than this and have ended.
 *
 * @returns how many there were
 */
export async function forgetMaintenance(ctx: Needs<'db'>, olderThanMs: number): Promise<number> {
  return store.deleteBefore(ctx.db, olderThanMs);
}

/** Ends the runs that came with a backup: they belong to the server that was backed up. */
export async function endOpenRuns(tx: Db): Promise<void> {
  await store.breakOffAll(tx);
}
