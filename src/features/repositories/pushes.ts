import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { enqueue } from '../../platform/jobs/queue';
import type { Actor, Principal } from '../accounts/actor';
import { callerKey } from './openings';
import * as store from './pushes.store';
import { markActive } from './repositories.store';

/*
 * What is pushed is said when a push begins; from docker 0.8 on its end names no images (protocol 2.7). So a push is
 * remembered from its start to its end, which tells the features above what it was.
 */

/** The job that a finished push queues. */
export const PUSH_FINISHED = 'push_finished';

/** What a finished push was. */
export const finishedPush = z.object({
  /** names this push in everything that follows from it */
  id: z.uuid(),
  repositoryId: z.number(),
  imageIds: z.array(z.string()),
  /** the tag that was set last */
  tag: z.string().optional(),
  pusher: z.string(),
  finishedAt: z.coerce.date(),
});

export type FinishedPush = z.infer<typeof finishedPush>;

/** Remembers that the actor began to push these images. */
export async function rememberPush(
  tx: Db,
  actor: Actor,
  repositoryId: number,
  imageIds: readonly string[],
): Promise<void> {
  await store.insertPush(tx, repositoryId, callerKey(actor), imageIds);
}

/**
 * Tells the features above, by a job in the same transaction, that the actor finished a push; not when there was none:
 * engines repeat a request whose answer was lost.
 *
 * @param listedIds - the images that the end of the push names, which engines before 0.8 did
 */
export async function announcePush(
  tx: Db,
  { actor, principal }: { actor: Actor; principal: Principal },
  repositoryId: number,
  listedIds: readonly string[],
): Promise<void> {
  const taken = await store.takePushes(tx, repositoryId, callerKey(actor));
  const imageIds = [...new Set([...taken.flatMap((push) => push.image_ids), ...listedIds])];
  if (imageIds.length === 0) return;
  const tag = taken.findLast((push) => push.tag !== null)?.tag ?? undefined;
  const push: FinishedPush = {
    id: randomUUID(),
    repositoryId,
    imageIds,
    tag,
    pusher: principal?.username ?? '',
    finishedAt: new Date(),
  };
  await enqueue(tx, PUSH_FINISHED, push);
}

/** Forgets pushes that began before `before` and never ended. */
export async function forgetPushes(ctx: Needs<'db'>, before: Date): Promise<void> {
  await store.deletePushes(ctx.db, before);
}

/** Makes of a tag that was set without a push what the end of a push does: the repository is active, and it is told. */
export async function announceTag(
  tx: Db,
  repositoryId: number,
  set: { readonly tag: string; readonly imageId: string; readonly by: string },
): Promise<void> {
  await markActive(tx, repositoryId);
  const push: FinishedPush = {
    id: randomUUID(),
    repositoryId,
    imageIds: [set.imageId],
    tag: set.tag,
    pusher: set.by,
    finishedAt: new Date(),
  };
  await enqueue(tx, PUSH_FINISHED, push);
}
