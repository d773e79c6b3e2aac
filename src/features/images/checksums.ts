import type { Readable } from 'node:stream';
import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor } from '../accounts/actor';
import { getImageJson } from './images';
import { locateWritable } from './locate';
import { tarSum } from './tar/tarsum';
import { assertListed, placeOf } from './uploads';
import * as store from './uploads.store';

/** The two headers of `PUT …/checksum`; undefined when a header is not there at all (protocol 4.6). */
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
  readonly payloadChecksum: string;
  readonly storageKey: string;
  readonly readJson: () => Promise<Buffer>;
}

async function matchesTarsum(
  ctx: Needs<'blobs'>,
  claimed: string | undefined,
  { storageKey, readJson }: Received,
): Promise<boolean> {
  if (claimed?.startsWith('tarsum+sha256:') !== true) return false;
  const json = await readJson();
  const layer: Readable = await ctx.blobs.read(storageKey);
  try {
    return (await tarSum(layer as AsyncIterable<Buffer>, json)).tarsums.includes(claimed);
  } catch {
    return false; // it is no tar, so it has no tarsum
  } finally {
    layer.destroy();
  }
}

/**
 * Whether what was received is what the engine says it sent. The payload sum is compared first because it costs
 * nothing; docker 0.6 to 0.9 send none, or one that cannot be computed here, and a tarsum that can.
 */
async function matches(ctx: Needs<'blobs'>, claimed: ClaimedChecksums, received: Received): Promise<boolean> {
  if (claimed.payload === received.payloadChecksum) return true;
  if (claimed.payload === undefined && claimed.tarsum === received.payloadChecksum) return true;
  return matchesTarsum(ctx, claimed.tarsum, received);
}

/** undefined before the layer is there */
function receivedBy(upload: store.UploadRow): Received | undefined {
  const { payload_checksum: payloadChecksum, storage_key: storageKey, json } = upload;
  if (payloadChecksum === null || storageKey === null) return undefined;
  return { payloadChecksum, storageKey, readJson: () => Promise.resolve(json) };
}

/** Makes the link; a link that another push made first must have the same content to count as this push's success. */
async function complete(ctx: Needs<'db'>, upload: store.UploadRow): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const contentId = await store.insertContent(tx, upload);
    if (!(await store.completeLink(tx, upload, contentId))) {
      const linked = await store.findLinkedContent(tx, upload.repository_id, upload.image_id);
      if (linked?.json_digest !== upload.json_digest) throw new AppError('conflict', 'Cannot set this image checksum');
    }
    await store.closeUpload(tx, upload.id);
  });
}

/**
 * Ends the push of an image (protocol 4.6): when the checksum fits, the image is complete.
 *
 * @throws AppError `missing_checksum`, `invalid` on a mismatch (the attempt stays), `not_found`, `conflict` when the
 *   image is complete with another checksum, `unauthenticated`, `forbidden`
 */
export async function putChecksum(
  ctx: Needs<'db' | 'blobs' | 'cache'>,
  actor: Actor,
  imageId: string,
  claimed: ClaimedChecksums,
): Promise<void> {
  const located = await locateWritable(ctx, actor, imageId);
  assertClaimed(claimed);
  assertListed(located);
  const upload = await store.findUpload(ctx.db, placeOf(actor, located, imageId));
  if (upload === undefined) {
    if (located.complete === undefined) throw new AppError('not_found', 'Image not found');
    const image = { id: imageId, ...located.complete };
    // Said again, after an answer that was lost on the way.
    if (await matches(ctx, claimed, { ...image, readJson: () => getImageJson(ctx, image) })) return;
    throw new AppError('conflict', 'Cannot set this image checksum');
  }
  const received = receivedBy(upload);
  if (received === undefined || !(await matches(ctx, claimed, received))) throw new AppError('invalid', MISMATCH);
  await complete(ctx, upload);
}
