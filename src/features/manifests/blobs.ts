import type { ByteRange } from '../../blobs/blob-store';
import type { Handover } from '../../blobs/handover';
import type { Needs } from '../../context';
import type { ByteSource } from '../../platform/bytes/byte-source';
import { inTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { DeletableRepository, ReadableRepository, WritableRepository } from '../repositories/access';
import { lockRepository } from '../repositories/locking';
import { displayName } from '../repositories/names';
import type { BlobNeeds, SizedBlobRef } from '../storage/blobs';
import { isWhole, whileWhole } from '../storage/damage';
import { hasRoomFor } from '../storage/quota';
import * as store from './blobs.store';
import { blobUnknown, digestInvalid } from './content-error';
import { isDigest } from './digest';

/** A blob of a repository. */
export type RepositoryBlob = SizedBlobRef;

/** A blob whose bytes are there. The first client that asks for damaged bytes finds out, and the others read the row. */
async function findWhole(
  ctx: BlobNeeds,
  { id: repositoryId }: Pick<ReadableRepository, 'id'>,
  digest: string,
): Promise<RepositoryBlob | undefined> {
  const row = await store.findBlob(ctx.db, repositoryId, digest);
  if (row === undefined || row.is_damaged) return undefined;
  const blob = { digest: row.digest, sizeBytes: row.size_bytes, storageKey: row.storage_key };
  return (await isWhole(ctx, blob)) ? blob : undefined;
}

/**
 * A blob, by either of its digests, if the repository has it.
 *
 * @throws ContentError `digest_invalid`; `blob_unknown` also for a damaged one, so that clients push it again
 */
export async function getBlob(ctx: BlobNeeds, repository: ReadableRepository, digest: string): Promise<RepositoryBlob> {
  if (!isDigest(digest)) throw digestInvalid(digest);
  const blob = await findWhole(ctx, repository, digest);
  if (blob === undefined) throw blobUnknown(digest);
  return blob;
}

async function whileThere<T>(ctx: BlobNeeds, blob: RepositoryBlob, use: () => Promise<T>): Promise<T> {
  return whileWhole(ctx, blob, use, (cause) => blobUnknown(blob.digest, cause));
}

/**
 * Opens a blob to send it.
 *
 * @param range - undefined: all of it
 * @throws ContentError `blob_unknown` when it turns out to be damaged; AppError `unavailable` when it has been replaced
 */
export async function openBlob(ctx: BlobNeeds, blob: RepositoryBlob, range?: ByteRange): Promise<ByteSource> {
  return whileThere(ctx, blob, () => ctx.blobs.open(blob.storageKey, range, blob.sizeBytes));
}

/**
 * How a web server in front of Drydock, or the store, can send a blob; undefined when it cannot.
 *
 * @throws as `openBlob`
 */
export async function handOverBlob(ctx: BlobNeeds, blob: RepositoryBlob): Promise<Handover | undefined> {
  return whileThere(ctx, blob, () => ctx.blobs.handOver(blob.storageKey, blob.sizeBytes));
}

/**
 * Mounts a blob of another repository, if that repository has it and the plan of the namespace has room (bridge 5.3).
 *
 * @returns whether the blob is in the repository now
 */
export async function mountBlob(
  ctx: BlobNeeds,
  repository: WritableRepository,
  source: ReadableRepository,
  digest: string,
): Promise<boolean> {
  if (!isDigest(digest)) return false;
  const blob = await findWhole(ctx, source, digest);
  if (blob === undefined) return false;
  const isAnotherPlan = source.namespace !== repository.namespace;
  if (isAnotherPlan && !(await hasRoomFor(ctx, repository.namespace, blob.sizeBytes))) return false;
  try {
    await store.linkBlob(ctx.db, repository.id, blob.digest);
    return true;
  } catch (error) {
    // The blob or the repository has just been removed.
    if (isForeignKeyViolation(error)) return false;
    throw error;
  }
}

/**
 * Removes a blob from a repository that does not use it.
 *
 * @throws ContentError `blob_unknown`, `digest_invalid`; AppError `conflict` when a manifest or an image uses it
 */
export async function deleteBlob(ctx: Needs<'db'>, repository: DeletableRepository, digest: string): Promise<void> {
  if (!isDigest(digest)) throw digestInvalid(digest);
  const blob = await store.findBlob(ctx.db, repository.id, digest);
  if (blob === undefined) throw blobUnknown(digest);
  await inTransaction(ctx.db, async (tx) => {
    await lockRepository(tx, repository.id);
    if ((await store.unlinkBlob(tx, repository.id, blob.digest)) === 'used') {
      throw new AppError('conflict', 'A manifest or an image of the repository uses this blob');
    }
    const event = { subject: displayName(repository), details: { digest } };
    await recordEvent(tx, repository.doer, { action: 'blob.deleted', ...event });
  });
}
