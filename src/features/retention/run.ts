import type { Needs } from '../../context';
import { inLongTransaction, type Db } from '../../platform/db/db';
import { recordEvent, RETENTION } from '../audit/audit';
import type { AdministeredRepository } from '../repositories/access';
import { lockUnlessDeleted } from '../repositories/locking';
import { displayName } from '../repositories/names';
import { removeTags } from '../tags/tag-deletion';
import * as decisions from './decisions.store';
import { rulesFrom } from './policies';
import { lockApplying } from './policies.store';
import { decidingFor } from './preview';
import { runFrom, startRetention, type RetentionRun } from './runs';
import * as store from './runs.store';

/** Tags that one transaction deletes, so that pushes to the repository wait only for a moment. */
const BATCH = 1000;

/** The progress of a run after a batch. */
interface AfterBatch {
  readonly isOver: boolean;
  /** undefined: its repository is gone */
  readonly run?: RetentionRun;
}

/**
 * Deletes some of the tags that no rule keeps. The repository is locked first, as for each change of a tag, and the
 * decision comes after: a push that was in progress has ended by then, and counts.
 */
async function deleteBatch(tx: Db, run: store.RunRow): Promise<AfterBatch> {
  const { repository_id: id } = run;
  if (!(await lockUnlessDeleted(tx, id))) {
    await store.finish(tx, run.id, { state: 'failed', error: 'The repository is being deleted' });
    return { isOver: true };
  }
  const repository = await decisions.findRepository(tx, id);
  if (repository === undefined) return { isOver: true };
  const deciding = decidingFor(id, rulesFrom(await lockApplying(tx, id)), repository.immutable_tags);
  const doomed = await decisions.listDoomed(tx, deciding, BATCH);
  const named = { id, namespace: repository.namespace, name: repository.name, doer: RETENTION };
  await store.addDeleted(tx, run.id, await removeTags(tx, named, doomed));
  if (doomed.length === BATCH) return { isOver: false };
  const { kept } = await decisions.countDecisions(tx, deciding);
  const ended = await store.finish(tx, run.id, { state: 'finished', kept });
  if (ended === undefined) return { isOver: true };
  if (ended.deleted > 0) {
    const details = { run: run.id, deleted: ended.deleted, kept };
    await recordEvent(tx, RETENTION, { action: 'retention.run', subject: displayName(named), details });
  }
  return { isOver: true, run: runFrom(ended) };
}

/**
 * Carries out a run that has begun.
 *
 * @returns the run at its end; undefined: its repository is gone
 * @throws the reason of `stopping`, when it ends the run early: another process continues it
 */
async function carryOut(ctx: Needs<'db'>, run: store.RunRow, stopping: AbortSignal): Promise<RetentionRun | undefined> {
  for (;;) {
    stopping.throwIfAborted();
    const after = await inLongTransaction(ctx.db, (tx) => deleteBatch(tx, run));
    if (after.isOver) return after.run;
  }
}

/**
 * Carries out the run that has waited longest.
 *
 * @returns false when none waits
 * @throws the reason of `stopping`
 */
export async function carryOutNext(ctx: Needs<'db' | 'log'>, stopping: AbortSignal): Promise<boolean> {
  const run = await store.begin(ctx.db);
  if (run === undefined) return false;
  try {
    const ended = await carryOut(ctx, run, stopping);
    ctx.log.info({ run: run.id, deleted: ended?.deleted, kept: ended?.kept }, 'a retention run has ended');
  } catch (error) {
    if (stopping.aborted) throw error;
    ctx.log.error({ err: error, run: run.id }, 'a retention run failed');
    await store.finish(ctx.db, run.id, { state: 'failed', error: `See the server's log for retention run ${run.id}` });
  }
  return true;
}

/**
 * Starts a run and carries it out in this process, for a command that may have no server.
 *
 * @returns the run at its end; undefined: a server has taken it
 * @throws AppError as `startRetention`
 */
export async function startAndCarryOut(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
): Promise<RetentionRun | undefined> {
  const { id } = await startRetention(ctx, repository);
  const run = await store.begin(ctx.db, id);
  return run && carryOut(ctx, run, new AbortController().signal);
}
