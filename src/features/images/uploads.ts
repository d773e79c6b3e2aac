import { digestOf } from '../../platform/bytes/digest';
import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { announceForGuest } from '../pushes/guests';
import { accountKey } from '../repositories/last-opened';
import type { WritableRepository } from '../repositories/access';
import { isImageId } from '../repositories/names';
import { keepPushAlive, noteSignOfLife } from '../pushes/pushes';
import { keepBlob, type KeptBlob } from '../storage/blobs';
import { whileThereIsRoom, type RoomNeeds } from '../storage/quota';
import { readImageJson } from './image-json';
import { linkFromSiblings } from './linking';
import { assertPusher, locateWritable, type LocatedImage, type PushedImage } from './image-by-id';
import * as store from './uploads.store';

/*
 * An image is pushed in three requests. Until the last one succeeds it is an attempt, a row of `uploads` that belongs
 * to its uploader: the token of the push, or account and address if the engine sends Basic. So a broken push blocks no
 * other push, and two engines may push the same image at once.
 *
 *   (nothing) -PUT json-> json -PUT layer-> json, layer -PUT checksum-> a complete link, and the attempt is gone
 *                          ^__ PUT json ________|      \__ 400 on a mismatch: stays
 *
 * A token stands for one push. With an account and an address there may be two: the second joins the attempt
 * (`open_pushes`), so that both may finish it. The first checksum that matches creates the link, and the linked content
 * stays. A later one succeeds if it matches its own attempt, although the link has the json and the layer of the first.
 */

/** The longest chain of images: engines take no longer one. */
export const DEPTH_LIMIT = 127;

/** Each may have a megabyte of json. A broken push leaves a handful, and abandoned attempts are swept. */
const OPEN_LIMIT = 1000;

const SWEPT_AFTER_SECONDS = 3600;
const NOT_FOUND = 'Image not found';
const EXISTS = 'Image already exists';

/** The uploader that an attempt belongs to. */
function uploaderOf(actor: Actor): string {
  return actor.kind === 'token' ? `token ${actor.nonce}` : `${accountKey(actor)} at ${actor.address}`;
}

/** Whether the image is complete and need not be uploaded again. */
function isThere(located: LocatedImage): boolean {
  return located.complete !== undefined && !located.isWantedAgain;
}

/** The attempt of this actor at this image. */
export function placeOf(actor: Actor, located: LocatedImage, imageId: string): store.UploadPlace {
  return { repositoryId: located.repository.id, imageId, uploader: uploaderOf(actor) };
}

async function depthOnParent(
  ctx: Needs<'db'>,
  place: store.UploadPlace,
  parentId: string | undefined,
  target: WritableRepository,
): Promise<number> {
  if (parentId === undefined) return 1;
  const parent = { ...place, imageId: parentId };
  let depth = isImageId(parentId) ? await store.findParentDepth(ctx.db, parent) : undefined;
  if (depth === undefined) {
    const isLinked = await linkFromSiblings(ctx, parentId, target);
    depth = isLinked ? await store.findParentDepth(ctx.db, parent) : undefined;
  }
  if (depth === undefined) throw new AppError('invalid', 'Image depends on a non existing parent');
  if (depth >= DEPTH_LIMIT) throw new AppError('invalid', `Image depth exceeds ${DEPTH_LIMIT}`);
  return depth + 1;
}

/**
 * Takes an image's json, with the checks in the order of protocol 4.3. The bytes are stored as they are.
 *
 * @param readBytes - reads the json from the wire; not called for an actor who cannot push
 * @throws AppError `invalid` and `not_found` in the words of docker's registry, `conflict` when the image is complete,
 *   `unauthenticated`, `forbidden`, `busy` for one upload too many
 */
export async function putImageJson(
  ctx: Needs<'db'>,
  actor: Actor,
  imageId: string,
  readBytes: () => Promise<Buffer>,
): Promise<void> {
  assertPusher(actor);
  const bytes = await readBytes();
  await announceForGuest(ctx, actor, imageId);
  const located = await locateWritable(ctx, actor, imageId);
  const { parentId } = readImageJson(bytes, imageId);
  if (located?.isListed !== true) throw new AppError('invalid', 'This image does not belong to the repository');
  const place = placeOf(actor, located, imageId);
  const depth = await depthOnParent(ctx, place, parentId, located.repository);
  if (isThere(located)) throw new AppError('conflict', EXISTS);
  await noteSignOfLife(ctx, actor, place.repositoryId, imageId);
  const isShared = actor.kind !== 'token';
  const image = { parentId, depth, json: bytes, jsonDigest: digestOf(bytes), isShared };
  if (await store.openUpload(ctx.db, place, image, { name: accountKey(actor), limit: OPEN_LIMIT })) return;
  throw new AppError('busy', `${OPEN_LIMIT} images of this account are being uploaded`, {
    retryAfterSeconds: SWEPT_AFTER_SECONDS,
  });
}

/**
 * Whether this actor may send the layer now; called before its first byte is read.
 *
 * @throws AppError `not_found` before the json, `conflict` when the image is complete, `unauthenticated`, `forbidden`
 */
export async function getUploadForLayer(ctx: Needs<'db'>, actor: Actor, imageId: string): Promise<store.UploadRow> {
  const located = await locateWritable(ctx, actor, imageId);
  assertListed(located);
  const upload = await store.findUpload(ctx.db, placeOf(actor, located, imageId));
  if (upload !== undefined) return upload;
  throw isThere(located) ? new AppError('conflict', EXISTS) : new AppError('not_found', NOT_FOUND);
}

/**
 * An id that no list announced has no json either (protocol 4.1).
 *
 * @throws AppError `not_found`
 */
export function assertListed(located: PushedImage | undefined): asserts located is PushedImage {
  if (located?.isListed !== true) throw new AppError('not_found', NOT_FOUND);
}

/** How often a push gives a sign of life while a layer arrives, which may take days. */
const SIGN_OF_LIFE_MS = 60_000;

/** The same bytes. The push gives a sign of life at once, and again at intervals as long as bytes arrive. */
async function* withSigns(
  ctx: Needs<'db' | 'log'>,
  actor: Actor,
  upload: store.UploadRow,
  bytes: AsyncIterable<Buffer>,
): AsyncIterable<Buffer> {
  let dueMs = performance.now();
  const sign = async (): Promise<void> => {
    await keepPushAlive(ctx, actor, upload.repository_id, upload.image_id);
    await store.touchUpload(ctx.db, upload.id);
  };
  for await (const chunk of bytes) {
    if (performance.now() >= dueMs) {
      dueMs = performance.now() + SIGN_OF_LIFE_MS;
      // The bytes do not wait for this, and a database outage does not stop them.
      sign().catch((error: unknown) => ctx.log.debug({ err: error }, 'could not record that a push is still active'));
    }
    yield chunk;
  }
}

/**
 * Takes a layer (protocol 4.5): streams it into the store while hashing it, then points the attempt to it. Bytes first,
 * row second.
 *
 * @param bytes - exactly as they came over the wire
 * @throws AppError `storage_full`, or `forbidden` because of the plan of the namespace, before the first byte or later;
 *   `busy` for one upload too many at once; `conflict` when the attempt has ended in the meantime; what `bytes` throws
 */
export async function storeLayer(
  ctx: Needs<'db' | 'blobs' | 'log' | 'layerUploads'> & RoomNeeds,
  actor: Actor,
  upload: store.UploadRow,
  bytes: AsyncIterable<Buffer>,
): Promise<void> {
  await ctx.layerUploads.run(upload.pusher ?? '', () =>
    whileThereIsRoom(ctx, upload.namespace, bytes, (admitted) => storeAdmitted(ctx, actor, upload, admitted)),
  );
}

/** Writes a layer for which there is room, and points the attempt to it. */
async function storeAdmitted(
  ctx: Needs<'db' | 'blobs' | 'log'>,
  actor: Actor,
  upload: store.UploadRow,
  bytes: AsyncIterable<Buffer>,
): Promise<KeptBlob<boolean>> {
  const beforePayload = Buffer.concat([upload.json, Buffer.from('\n')]);
  const blob = await ctx.blobs.write(withSigns(ctx, actor, upload, bytes), { prefix: beforePayload, unpacked: true });
  const { digest, sizeBytes, prefixedDigest: payloadChecksum } = blob;
  const kept = await keepBlob(ctx, blob, (tx) => store.recordLayer(tx, upload, { digest, sizeBytes, payloadChecksum }));
  if (!kept.pointed) throw new AppError('conflict', EXISTS);
  return kept;
}
