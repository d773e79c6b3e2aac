import type { Needs } from '../../../context';
import type { Db } from '../../../platform/db/db';
import { enqueue } from '../../../platform/jobs/queue';
import * as store from './remotes.store';
import { queueTending } from './tending-queue';

/** The jobs that add and remove a hook and a deploy key at a provider, with `{ remoteId }`. */
export const ADD_JOB = 'add_build_remote';
export const REMOVE_JOB = 'remove_build_remote';

/** Has the hook and the key added when the transaction has committed. */
export async function queueAdding(tx: Db, remoteId: number): Promise<void> {
  await enqueue(tx, ADD_JOB, { remoteId }, { key: `${ADD_JOB}:${remoteId}` });
}

export async function queueRemoval(tx: Db, remoteId: number): Promise<void> {
  await enqueue(tx, REMOVE_JOB, { remoteId }, { key: `${REMOVE_JOB}:${remoteId}` });
}

/** Queues the jobs of additions and removals that have none, because the queue is not a part of backups. */
export async function queueMissing(ctx: Needs<'db'>): Promise<void> {
  for (const { id: remoteId, is_ending: isEnding } of await store.listOpen(ctx.db)) {
    const job = isEnding ? REMOVE_JOB : ADD_JOB;
    await enqueue(ctx.db, job, { remoteId }, { key: `${job}:${remoteId}`, isOnlyIfMissing: true });
  }
}

/** After a source got another hook or deploy key: they replace those at the provider. */
export async function replaceAtProvider(tx: Db, sourceId: number): Promise<void> {
  const remoteId = await store.setAdding(tx, sourceId);
  if (remoteId !== undefined) await queueAdding(tx, remoteId);
}

/** After an account was linked again: what failed with it is tried again. */
export async function retryFailed(tx: Db, accountId: number): Promise<void> {
  for (const remoteId of await store.setFailedAdding(tx, accountId)) await queueAdding(tx, remoteId);
}

/** Before a source leads elsewhere, or is removed: what was added for it at a provider is removed. */
export async function leaveProvider(tx: Db, sourceId: number): Promise<void> {
  if (await store.detach(tx, sourceId)) await queueTending(tx);
}
