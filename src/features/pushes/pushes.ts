import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { enqueue } from '../../platform/jobs/queue';
import { identityOf, type Actor, type Principal } from '../access/actor';
import { endedBy, hasAllTags, hasTags, isThrough } from './ended-push';
import { callerKey } from '../repositories/last-opened';
import * as store from './pushes.store';
import { lockRepository, markActive } from '../repositories/locking';
import { tellingsOf } from './tellings';

/*
 * A push begins with `PUT R/`, which announces images and tags; uploads images and sets tags; and ends with
 * `PUT R/images` (protocol 10.3). It is a row of `pushes` from its opening to its end. To report a push is to notify
 * the webhooks of it; in names it is "told".
 *
 *   opening   Basic        the row is created, with the nonce of the write token that the answer carries
 *   json, layer, checksum, tag
 *             Token        the nonce names the push: all requests of a push carry the token of its opening
 *             Basic        engines with an https registry (protocol 3): a push of the caller that announced the image
 *   end       Basic        names no push. Engines before 0.8 list the images, later ones send `[]` (protocol 2.7)
 *             Token        of anonymous callers from 1.7 on: names the push
 *
 * The end is the only request that may not say which push it belongs to, and an account may push several times at once.
 * So tags are reported, not ends. Every tag that a push sets is stored in `push_tags` until it is reported, and an end
 *
 *   1. ends one push of the caller: the one of the token, or the one that is most likely over (`ended-push.ts`);
 *   2. reports the tags that this push set, and, of the other pushes of the caller that have set all that they
 *      announced, those that were not reported before, so that no tag is lost if the end belonged to another push;
 *   3. reports, before each tag, the earlier changes of the same tag by any push.
 *
 * `tellings.ts` has the rules of 2 and 3. A push that sets no tag is reported once, without one. An end that is sent
 * again, because its answer was lost, finds nothing left to report. A push that was killed before its end is reported
 * with the caller's next one, or not at all if that one sets the same tag to the same image: then it is the same push
 * tried again.
 *
 * A push lives as long as it gives signs of life: a json, a checksum, a tag, bytes of a layer. Images that a living
 * push has announced or uploaded are not garbage (`gc.ts`). Without a sign for `ABANDONED_AFTER_HOURS` it is given up.
 */

/** The job that an end queues when there is a push to report. */
export const PUSH_FINISHED = 'push_finished';

/** Its payload. */
export const pushesToTell = z.object({ repositoryId: z.number() });

/** The facts about a finished push that are reported. */
export const finishedPush = z.object({
  /** identifies this push, and this tag, in all work that follows from it */
  id: z.uuid(),
  repositoryId: z.number(),
  imageIds: z.array(z.string()),
  /** undefined: the push set none */
  tag: z.string().optional(),
  /** of the manifest that was pushed; undefined: the push came over v1 */
  digest: z.string().optional(),
  pusher: z.string(),
  finishedAt: z.coerce.date(),
});

export type FinishedPush = z.infer<typeof finishedPush>;

/** The announcements of an opening. */
export interface AnnouncedPush {
  readonly imageIds: readonly string[];
  /** each tag with the image that it will point to */
  readonly tags: Readonly<Record<string, string>>;
  /** the nonce of the token that the answer will carry */
  readonly nonce: string | undefined;
}

/** The push that an actor's requests belong to. */
export function pusherOf(actor: Actor): store.Pusher {
  return {
    caller: callerKey(actor),
    token: actor.kind === 'token' ? actor.nonce : undefined,
    userId: identityOf(actor)?.userId,
  };
}

/** Records that the actor began a push. */
export async function openPush(tx: Db, actor: Actor, repositoryId: number, push: AnnouncedPush): Promise<void> {
  await store.insertPush(tx, repositoryId, { ...pusherOf(actor), token: push.nonce }, push.imageIds, push.tags);
}

/**
 * Records a sign of life of the push that uploads this image. A push that was not opened here begins with it: the push
 * of a guest was opened at another index.
 */
export async function noteSignOfLife(
  ctx: Needs<'db'>,
  actor: Actor,
  repositoryId: number,
  imageId: string,
): Promise<void> {
  await store.noteSign(ctx.db, repositoryId, pusherOf(actor), imageId);
}

/** The same while bytes arrive, without blocking them: the push may have ended by the time this is recorded. */
export async function keepPushAlive(
  ctx: Needs<'db'>,
  actor: Actor,
  repositoryId: number,
  imageId: string,
): Promise<void> {
  await store.keepAlive(ctx.db, repositoryId, pusherOf(actor), imageId);
}

/** Records a tag that the actor's push set. Does nothing if there is no such push, as for a tag that is set by hand. */
export async function recordPushedTag(
  tx: Db,
  actor: Actor,
  repositoryId: number,
  set: { tag: string; imageId: string },
): Promise<void> {
  if (actor.kind === 'token') await store.noteSign(tx, repositoryId, pusherOf(actor), set.imageId);
  await store.recordTag(tx, repositoryId, pusherOf(actor), set.tag, set.imageId);
}

type Told = Pick<FinishedPush, 'imageIds' | 'tag' | 'digest' | 'pusher'>;

function distinct(...lists: readonly (readonly string[] | undefined)[]): string[] {
  return [...new Set(lists.flatMap((list) => list ?? []))];
}

async function queueTellings(tx: Db, repositoryId: number, pushes: readonly Told[]): Promise<void> {
  const some = pushes.filter(({ imageIds, digest }) => imageIds.length > 0 || digest !== undefined);
  if (some.length === 0) return;
  await store.insertTellings(
    tx,
    repositoryId,
    some.map((push) => ({ ...push, id: randomUUID() })),
  );
  await enqueue(tx, PUSH_FINISHED, { repositoryId });
}

/** The pushes of a repository that are to be reported, in order, by the numbers under which they can be taken. */
export async function listTellings(db: Db, repositoryId: number): Promise<Map<number, FinishedPush>> {
  return toPushes(repositoryId, await store.listTellings(db, repositoryId));
}

/** Removes and returns those of them that nobody has taken yet. A concurrent call waits. */
export async function takeTellings(tx: Db, repositoryId: number, ids: readonly number[]): Promise<FinishedPush[]> {
  return [...toPushes(repositoryId, await store.takeTellings(tx, repositoryId, ids)).values()];
}

function toPushes(repositoryId: number, rows: readonly store.TellingRow[]): Map<number, FinishedPush> {
  return new Map(
    rows.map(({ id, push, created_at: finishedAt }) => [id, finishedPush.parse({ ...push, repositoryId, finishedAt })]),
  );
}

/**
 * Ends a push of the actor, and queues the pushes to report, in the same transaction. The caller has locked the
 * repository.
 *
 * @param listedIds - the images that the end names, as engines before 0.8 do
 * @returns false when there was no push to end: engines repeat a request whose answer was lost
 */
export async function endPush(
  tx: Db,
  { actor, principal }: { actor: Actor; principal: Principal },
  repositoryId: number,
  listedIds: readonly string[],
): Promise<boolean> {
  const open = await store.listOpen(tx, repositoryId, callerKey(actor));
  const ended = endedBy(open, actor, listedIds);
  if (ended === undefined && (listedIds.length === 0 || (await store.wasTold(tx, repositoryId, listedIds)))) {
    return false;
  }
  const through = new Set(open.filter((push) => push.is_mine && isThrough(push)).map(({ id }) => id));
  const tellings = tellingsOf(await store.listUntold(tx, repositoryId), { ended: ended?.id, through });
  const pusher = principal?.username ?? '';
  const byId = new Map(open.map((push) => [push.id, push]));
  const pushes = tellings.told.map(({ push_id: pushId, tag }): Told => {
    const push = byId.get(pushId);
    return pushId === ended?.id
      ? { imageIds: distinct(push?.image_ids, listedIds), tag, pusher }
      : { imageIds: push?.image_ids ?? [], tag, pusher: push?.pusher ?? '' };
  });
  if (ended === undefined || !hasTags(ended)) pushes.push({ imageIds: distinct(ended?.image_ids, listedIds), pusher });
  await queueTellings(tx, repositoryId, pushes);
  await store.markTold(
    tx,
    repositoryId,
    [...tellings.told, ...tellings.dropped].map(({ id }) => id),
  );
  if (ended !== undefined) await store.endPush(tx, ended.id, ended.is_uploaded && hasAllTags(ended));
  return true;
}

/** Makes openings of the repository, and changes of its tags, wait until the transaction ends. */
export async function lockForGc(tx: Db, repositoryId: number): Promise<void> {
  await lockRepository(tx, repositoryId);
}

/** Deletes pushes that gave no sign of life for a week, and old records of tags that were reported. */
export async function forgetPushes(ctx: Needs<'db'>): Promise<void> {
  await store.deleteForgotten(ctx.db, 24 * 7);
}

/** No push has this number. */
const BY_HAND = 0;

/**
 * Does for a tag that was set without a push what the end of a push does: marks the repository as active, and reports
 * the tag. The caller has locked the repository.
 */
export async function announceTag(
  tx: Db,
  repositoryId: number,
  set: { readonly tag: string; readonly imageId: string; readonly by: string },
): Promise<void> {
  await markActive(tx, repositoryId);
  const id = await store.insertTagByHand(tx, repositoryId, set.tag, set.imageId);
  const open = await store.listOpen(tx, repositoryId, '');
  const untold = (await store.listUntold(tx, repositoryId)).filter(({ tag }) => tag === set.tag);
  const own = { id, push_id: BY_HAND, tag: set.tag, image_id: set.imageId, last_told: null, is_abandoned: false };
  const { told, dropped } = tellingsOf([...untold, own], { ended: BY_HAND, through: new Set() });
  const pushes = told.map(({ push_id: pushId, tag }): Told => {
    const push = open.find((one) => one.id === pushId);
    return { imageIds: push?.image_ids ?? [set.imageId], tag, pusher: push?.pusher ?? set.by };
  });
  await queueTellings(tx, repositoryId, pushes);
  await store.markTold(
    tx,
    repositoryId,
    [...told, ...dropped].map((one) => one.id),
  );
}

/**
 * Does what follows from a tag that a push over v2, which is one request, has set: marks the repository as active, and
 * queues the notification of webhooks. The caller has locked the repository.
 */
export async function announceManifest(
  tx: Db,
  repositoryId: number,
  set: {
    readonly tag: string;
    readonly digest: string;
    readonly imageIds?: readonly string[];
    readonly pusher: string;
  },
): Promise<void> {
  await markActive(tx, repositoryId);
  await queueTellings(tx, repositoryId, [{ ...set, imageIds: [...(set.imageIds ?? [])] }]);
}
