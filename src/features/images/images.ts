import type { ByteRange } from '../../blobs/blob-store';
import type { Handover } from '../../blobs/handover';
import type { Needs } from '../../context';
import type { ByteSource } from '../../platform/bytes/byte-source';
import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import type { BlobNeeds, SizedBlobRef } from '../storage/blobs';
import { layerIsDamaged, whileWhole } from '../storage/damage';
import * as store from './images.store';
import { locateReadable, type FoundImage, type Image } from './image-by-id';

/*
 * Images belong to repositories. Ids are chosen by engines, so an id alone proves nothing: two unrelated users may use
 * the same id for different bytes, and knowing an id does not give the right to read the image.
 *
 *   repository ──< repository_images >── image_contents ──── blobs
 *                  (repository, id)      (id, json, layer)   (sha256)
 *                  announced │ complete   immutable           bytes, stored once
 *
 *   - A link (repository, id) is announced by an image list, and complete once it points to a content. Later it never
 *     points to another content, with one exception: a content whose layer is damaged is replaced by one with the same
 *     json (`storage/damage.ts`).
 *   - A content is the json byte for byte and the layer's digest. Equal contents are one row, even if different users
 *     pushed them.
 *   - Reading needs read access to the repository of the link. A token names the repository. Without one (Basic on
 *     every request, curl) the first of these repositories decides, among those that hold or announced the id and that
 *     the caller may read:
 *       1. the one that the same caller opened last (`repository_openings`)
 *       2. one in the caller's own namespace
 *       3. one in `library`
 *       4. the one whose content was complete first
 *   - The existence probe of a push may link an announced id to a content that is complete elsewhere: only in the same
 *     namespace or in `library`, only from a repository that the pusher may read, and only with its whole chain
 *     (`linking.ts`).
 *   - A chain is the image and its ancestors within one repository; `depth` is its length.
 *   - While a layer is damaged (`storage/damage.ts`), json and ancestry stay readable, and the answer to a pusher is
 *     that the image does not exist, so that the engine uploads it again (`isWantedAgain` in `image-by-id.ts`). An
 *     engine that packs the layer again may send different bytes for the same json: then the pusher's repository gets
 *     these (`completeLink`).
 *   - A push goes through `uploads` (see `uploads.ts`): an attempt belongs to its uploader.
 */

/** The answer of docker's registry for an image whose push is not finished (protocol 4.1). */
export function inProgress(): AppError {
  return new AppError('invalid', 'Image is being uploaded, retry later');
}

/** @throws AppError `not_found`, `invalid` while the image is being uploaded */
export function assertComplete(found: FoundImage | undefined, id: string): Image {
  const complete = found?.complete;
  if (complete !== undefined) return { id, ...complete };
  throw found?.hasUpload === true ? inProgress() : new AppError('not_found', 'Image not found');
}

/**
 * The image that this id names for this actor.
 *
 * @throws AppError `not_found` (also for images that the actor may not see), `invalid` while it is being uploaded,
 *   `unauthenticated`
 */
export async function getImage(ctx: Needs<'db'>, actor: Actor, id: string): Promise<Image> {
  return assertComplete(await locateReadable(ctx, actor, id), id);
}

/** The json as it was pushed, byte for byte. */
export async function getImageJson(ctx: Needs<'db' | 'cache'>, image: Image): Promise<Buffer> {
  const json = await ctx.cache.get(`json ${image.contentId}`, () => store.findJson(ctx.db, image.contentId));
  if (json === undefined) throw new AppError('not_found', 'Image not found');
  return json;
}

/** Can be cached: the chain of a link never changes while the link exists, and the id of a link is never used again. */
async function findAncestry(db: Db, image: Image): Promise<Buffer | undefined> {
  const ids = await store.ancestry(db, image.linkId, image.repositoryId);
  return ids.length === image.depth ? Buffer.from(JSON.stringify(ids)) : undefined;
}

/**
 * The ids of the image and its ancestors, the image first and its base last, as a JSON array (protocol 4.8).
 *
 * @throws AppError `invalid` while an ancestor is being uploaded
 */
export async function ancestryAsJson(ctx: Needs<'db' | 'cache'>, image: Image): Promise<Buffer> {
  const ids = await ctx.cache.get(`ancestry ${image.linkId}`, () => findAncestry(ctx.db, image));
  if (ids === undefined) throw inProgress();
  return ids;
}

/** @throws AppError `unavailable` when the layer is known to be damaged */
export function assertLayerWhole(image: Image): void {
  if (image.isDamaged) throw layerIsDamaged();
}

/**
 * Opens the layer as it was pushed, byte for byte, to send it to a client.
 *
 * @param range - undefined: all of it
 * @throws AppError `unavailable` when it is damaged
 */
export async function openLayer(ctx: BlobNeeds, image: Image, range?: ByteRange): Promise<ByteSource> {
  assertLayerWhole(image);
  const { storageKey, layerSizeBytes } = image;
  return whileWhole(ctx, layerOf(image), () => ctx.blobs.open(storageKey, range, layerSizeBytes));
}

/**
 * How a web server in front of Drydock, or the store, can send the layer; undefined when it cannot.
 *
 * @throws AppError `unavailable` when it is damaged
 */
export async function handOverLayer(ctx: BlobNeeds, image: Image): Promise<Handover | undefined> {
  assertLayerWhole(image);
  const { storageKey, layerSizeBytes } = image;
  return whileWhole(ctx, layerOf(image), () => ctx.blobs.handOver(storageKey, layerSizeBytes));
}

/**
 * The layer, for code that reads its files.
 *
 * @throws AppError `unavailable` when it is damaged
 */
export function layerToRead(image: Image): SizedBlobRef {
  assertLayerWhole(image);
  return layerOf(image);
}

function layerOf({ layerDigest: digest, storageKey, layerSizeBytes: sizeBytes }: Image): SizedBlobRef {
  return { digest, storageKey, sizeBytes };
}
