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
import { layerIsDamaged, whileWhole } from '../storage/damage';
import { hasRoomFor } from '../storage/quota';
import * as store from './blobs.store';
import { blobUnknown, digestInvalid } from './content-error';
import { isDigest } from './digest';

/** A blob of a repository. */
export interface RepositoryBlob extends SizedBlobRef {
  /** its bytes are lost until they are pushed again */
  readonly isDamaged: boolean;
}

/**
 * A blob, by either of its digests; undefined when the repository does not have it.
 *
 * @throws ContentError `digest_invalid`
 */
export async function findRepositoryBlob(
  ctx: Needs<'db'>,
  { id: repositoryId }: Pick<ReadableRepository, 'id'>,
  digest: string,
): Promise<RepositoryBlob | undefined> {
  if (!isDigest(digest)) throw digestInvalid(digest);
  const row = await store.findBlob(ctx.db, repositoryId, digest);
  if (row === undefined) return undefined;
  const { size_bytes: sizeBytes, storage_key: storageKey, is_damaged: isDamaged } = row;
  return { digest: row.digest, sizeBytes, storageKey, isDamaged };
}

/**
 * A blob, by either of its digests, if the repository has it.
 *
 * @throws ContentError `digest_invalid`; `blob_unknown` also for a damaged one, so that clients push it again
 */
export async function getBlob(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  digest: string,
): Promise<RepositoryBlob> {
  const blob = await findRepositoryBlob(ctx, repository, digest);
  if (blob === undefined) throw blobUnknown(digest);
  return blob;
}

/**
 * Opens a blob to send it.
 *
 * @param range - undefined: all of it
 * @throws AppError `unavailable` when it is damaged
 */
export async function openBlob(ctx: BlobNeeds, blob: RepositoryBlob, range?: ByteRange): Promise<ByteSource> {
  if (blob.isDamaged) throw layerIsDamaged();
  return whileWhole(ctx, blob, () => ctx.blobs.open(blob.storageKey, range, blob.sizeBytes));
}

/**
 * How a web server in front of us can send a blob; undefined when it cannot.
 *
 * @throws AppError `unavailable` when it is damaged
 */
export async function handOverBlob(ctx: BlobNeeds, blob: RepositoryBlob): Promise<Handover | undefined> {
  if (blob.isDamaged) throw layerIsDamaged();
  return whileWhole(ctx, blob, () => ctx.blobs.handOver(blob.storageKey, blob.sizeBytes));
}

/**
 * Mounts a blob of another repository, if that has it and the plan of the namespace has room (bridge 5.3).
 *
 * @returns whether the blob is in the repository now
 */
export async function mountBlob(
  ctx: Needs<'db' | 'blobReferrers'>,
  repository: WritableRepository,
  source: ReadableRepository,
  digest: string,
): Promise<boolean> {
  if (!isDigest(digest)) return false;
  const blob = await findRepositoryBlob(ctx, source, digest);
  if (blob === undefined || blob.isDamaged) return false;
  const isAnotherPlan = source.namespace !== repository.namespace;
  if (isAnotherPlan && !(await hasRoomFor(ctx, repository.namespace, blob.sizeBytes))) return false;
  try {
    await store.linkBlob(ctx.db, repository.id, blob.digest);
    return true;
  } catch (error) {
    // It, or the repository, has just been removed.
    if (isForeignKeyViolation(error)) return false;
    throw error;
  }
}

/**
 * Takes a blob out of a repository that does not use it.
 *
 * @throws ContentError `blob_unknown`, `digest_invalid`; AppError `conflict` when a manifest or an image uses it
 */
export async function deleteBlob(ctx: Needs<'db'>, repository: DeletableRepository, digest: string): Promise<void> {
  const blob = await findRepositoryBlob(ctx, repository, digest);
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
