import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { noteSignOfLife } from '../pushes/pushes';
import type { SizedBlobRef } from '../storage/blobs';
import { layerIsDamaged } from '../storage/damage';
import { getImageJson } from './images';
import { tarsumsOf, type Asker, type InspectionNeeds } from './inspection/inspection';
import { locateWritable, type Image } from './image-by-id';
import { assertListed, placeOf } from './uploads';
import * as store from './uploads.store';

/** The two headers of `PUT …/checksum`; a missing header is undefined (protocol 4.6). */
export interface ClaimedChecksums {
  /** `X-Docker-Checksum-Payload` */
  readonly payload: string | undefined;
  /** `X-Docker-Checksum` */
  readonly tarsum: string | undefined;
}

const MISMATCH = 'Checksum mismatch';

function assertClaimed(claimed: ClaimedChecksums): void {
  if (claimed.payload === undefined && claimed.tarsum === undefined) {
    throw new AppError(
      'missing_checksum',
      'X-Docker-Checksum-Payload not set.  If you are using the Docker daemon, you should upgrade to version 0.10 or later',
    );
  }
  if (claimed.payload === '' || (claimed.payload === undefined && claimed.tarsum === '')) {
    throw new AppError('invalid', "Missing Image's checksum");
  }
}

/** The image as it arrived. */
interface Received {
  readonly payloadChecksum: string | undefined;
  readonly layer: SizedBlobRef;
  readonly readJson: () => Promise<Buffer>;
}

async function matchesTarsum(
  ctx: InspectionNeeds,
  asker: Asker,
  claimed: string | undefined,
  { layer, readJson }: Received,
): Promise<boolean> {
  if (claimed?.startsWith('tarsum+sha256:') !== true) return false;
  return (await tarsumsOf(ctx, asker, layer, await readJson())).includes(claimed);
}

/**
 * Whether the received image is the one that the engine says it sent. The payload sum is compared first because that
 * costs nothing. Docker 0.6 to 0.9 send none, or one that cannot be computed here, and a tarsum, which can.
 */
async function matches(
  ctx: InspectionNeeds,
  asker: Asker,
  claimed: ClaimedChecksums,
  received: Received,
): Promise<boolean> {
  const { payloadChecksum } = received;
  if (payloadChecksum !== undefined) {
    if (claimed.payload === payloadChecksum) return true;
    if (claimed.payload === undefined && claimed.tarsum === payloadChecksum) return true;
  }
  return matchesTarsum(ctx, asker, claimed.tarsum, received);
}

/** The image as it arrived; undefined before the layer is there. */
function receivedBy(upload: store.UploadRow): Received | undefined {
  const { payload_checksum: payloadChecksum, storage_key: storageKey, json } = upload;
  const { layer_digest: digest, layer_size_bytes: sizeBytes } = upload;
  if (payloadChecksum === null || storageKey === null || digest === null || sizeBytes === null) return undefined;
  if (upload.is_damaged) throw layerIsDamaged();
  return { payloadChecksum, layer: { digest, storageKey, sizeBytes }, readJson: () => Promise.resolve(json) };
}

/** An image that is complete. */
function receivedBefore(ctx: Needs<'db' | 'cache'>, image: Image): Received {
  const { payloadChecksum, layerDigest: digest, storageKey, layerSizeBytes: sizeBytes } = image;
  return { payloadChecksum, layer: { digest, storageKey, sizeBytes }, readJson: () => getImageJson(ctx, image) };
}

/**
 * Creates the link. If another push of the image was faster, its json and layer stay, and this push has succeeded too,
 * because engines of different generations write different json for one image. It fails if the linked content has
 * another parent, and so is another image, or if its layer is damaged. A layer that replaces a damaged one is also what
 * clients of v2 get from now on.
 */
async function complete(ctx: Needs<'db'>, upload: store.UploadRow): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const contentId = await store.insertContent(tx, upload);
    const link = await store.completeLink(tx, upload, contentId);
    if (link === 'replaced') await store.deleteViews(tx, upload);
    if (link === 'kept') {
      const linked = await store.findLinkedContent(tx, upload.repository_id, upload.image_id);
      const isSameJson = linked?.json_digest === upload.json_digest;
      const isSameImage = linked?.parent_id === upload.parent_id && !linked.is_damaged;
      if (!isSameJson && !isSameImage) throw new AppError('conflict', 'Cannot set this image checksum');
    }
    await store.closeUpload(tx, upload.id);
  });
}

/**
 * Ends the push of an image (protocol 4.6): if the checksum matches, the image is complete.
 *
 * @throws AppError `missing_checksum`, `invalid` on a mismatch (the attempt stays), `not_found`, `conflict` when the
 *   image is complete with another checksum, `unavailable` when the layer is damaged, or its tarsum takes too long;
 *   `busy`, `unauthenticated`, `forbidden`
 */
export async function putChecksum(
  ctx: InspectionNeeds & Needs<'cache'>,
  asker: Asker,
  imageId: string,
  claimed: ClaimedChecksums,
): Promise<void> {
  const { actor } = asker;
  const located = await locateWritable(ctx, actor, imageId);
  assertClaimed(claimed);
  assertListed(located);
  const upload = await store.findUpload(ctx.db, placeOf(actor, located, imageId));
  if (upload === undefined) {
    if (located.complete === undefined || located.isWantedAgain) throw new AppError('not_found', 'Image not found');
    // The engine repeats the request after an answer that was lost.
    if (await matches(ctx, asker, claimed, receivedBefore(ctx, { id: imageId, ...located.complete }))) return;
    throw new AppError('conflict', 'Cannot set this image checksum');
  }
  await noteSignOfLife(ctx, actor, upload.repository_id, imageId);
  const received = receivedBy(upload);
  if (received === undefined || !(await matches(ctx, asker, claimed, received)))
    throw new AppError('invalid', MISMATCH);
  await complete(ctx, upload);
}
