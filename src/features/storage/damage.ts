import type { Readable } from 'node:stream';
import { BlobMissingError, BlobSizeError, type ByteRange } from '../../blobs/blob-store';
import type { BlobHolder, Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { hasCode } from '../../platform/error-code';
import { AppError } from '../../platform/errors';
import type { BlobNeeds, BlobRef, SizedBlobRef } from './blobs';
import * as store from './damage.store';

/*
 * Disks lose bytes. A blob whose bytes do not match its digest is damaged: this is recorded in its row, and its bytes
 * are moved to quarantine, from which they are not served. Row first, bytes second: a crash in between leaves bytes
 * that are not served.
 *
 *   whole -- scrub re-hashes it, or a reader finds a wrong length, or no bytes --> damaged
 *   damaged -- the same bytes are pushed: new bytes under a new key, for all that point to them --> whole
 *   damaged -- scrub finds the right bytes under the old key again: a disk that had not been mounted --> whole
 *
 * While it is damaged, a reader gets a 503, and a client that can push the bytes gets the answer that they are missing
 * (for images: `images/images.ts`). Clients of v2 send the same request for both, so that all of them get that answer
 * (`manifests/blobs.ts`).
 */

/** A blob that cannot be served, and the repositories that have it. */
export interface DamagedBlob {
  readonly digest: string;
  readonly damage: store.BlobDamage;
  readonly repositories: readonly BlobHolder[];
}

const LOGGED_REPOSITORIES = 20;

/** The error for a reader of a damaged layer. */
export function layerIsDamaged(cause?: unknown): AppError {
  const message = 'The layer is damaged on the server: push the image again to repair it';
  return new AppError('unavailable', message, { cause });
}

/** The damage that an error from the blob store shows; undefined when it does not show damage. */
export function damageFrom(error: unknown): store.BlobDamage | undefined {
  if (error instanceof BlobMissingError) return 'missing';
  if (error instanceof BlobSizeError) return 'wrong size';
  return hasCode(error, 'EIO') ? 'unreadable' : undefined;
}

function merged(a: BlobHolder, b: BlobHolder): BlobHolder {
  const union = (of: 'imageIds' | 'tags'): string[] => [...new Set([...a[of], ...b[of]])].sort();
  return { namespace: a.namespace, name: a.name, imageIds: union('imageIds'), tags: union('tags') };
}

/** The repositories that have the blob, from all referrers; each once. */
async function listHolders(ctx: Needs<'db' | 'blobReferrers'>, digest: string): Promise<BlobHolder[]> {
  return inLongTransaction(ctx.db, async (tx) => {
    const holders = new Map<string, BlobHolder>();
    for (const referrer of ctx.blobReferrers) {
      for (const holder of await referrer.listHolders(tx, digest)) {
        const name = `${holder.namespace}/${holder.name}`;
        const same = holders.get(name);
        holders.set(name, same === undefined ? holder : merged(same, holder));
      }
    }
    return [...holders.values()];
  });
}

/**
 * Takes damaged bytes out of service, and logs the repositories that have them.
 *
 * @returns undefined when they are no longer the blob's: gc or a push was faster
 */
export async function setAside(
  ctx: BlobNeeds,
  blob: BlobRef,
  found: store.BlobDamage,
): Promise<DamagedBlob | undefined> {
  const damage = await store.markDamaged(ctx.db, blob, found);
  if (damage === undefined) return undefined;
  try {
    await ctx.blobs.quarantine(blob.storageKey);
  } catch (error) {
    // The bytes stay where they are, but are not served either.
    ctx.log.warn({ err: error, digest: blob.digest }, 'a damaged layer could not be moved to quarantine');
  }
  const repositories = await listHolders(ctx, blob.digest);
  const logged = { repositoryCount: repositories.length, repositories: repositories.slice(0, LOGGED_REPOSITORIES) };
  ctx.log.error({ digest: blob.digest, damage, ...logged }, 'a layer is damaged');
  return { digest: blob.digest, damage, repositories };
}

/**
 * Looks at the length of a blob's bytes, and sets it aside when that shows damage.
 *
 * @returns whether they are there, as long as they should be
 */
export async function isWhole(ctx: BlobNeeds, blob: SizedBlobRef): Promise<boolean> {
  const sizeBytes = await ctx.blobs.size(blob.storageKey);
  if (sizeBytes === blob.sizeBytes) return true;
  await setAside(ctx, blob, sizeBytes === undefined ? 'missing' : 'wrong size');
  return false;
}

/**
 * Opens the bytes of a blob, or a range of them, after a check of their length.
 *
 * @throws AppError `unavailable` when they are damaged
 */
export async function openBlob(ctx: BlobNeeds, blob: SizedBlobRef, range?: ByteRange): Promise<Readable> {
  return whileWhole(ctx, blob, () => ctx.blobs.read(blob.storageKey, range, blob.sizeBytes));
}

/**
 * Reads a small blob, or a small range of one, into memory.
 *
 * @throws AppError `unavailable` when it is damaged
 */
export async function readBlob(ctx: BlobNeeds, blob: SizedBlobRef, range?: ByteRange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await openBlob(ctx, blob, range)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * Uses a blob with a function that checks its length first, and sets the blob aside if that shows damage.
 *
 * @param refusal - the error for a damaged one; undefined: `unavailable`
 * @throws what `refusal` returns when it is damaged; AppError `unavailable` when it was replaced or removed
 */
export async function whileWhole<T>(
  ctx: BlobNeeds,
  blob: BlobRef,
  use: () => Promise<T>,
  refusal: (cause: unknown) => AppError = layerIsDamaged,
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const damage = damageFrom(error);
    if (damage === undefined) throw error;
    if ((await setAside(ctx, blob, damage)) !== undefined) throw refusal(error);
    const options = { cause: error, retryAfterSeconds: 1 };
    throw new AppError('unavailable', 'The layer has just been replaced or removed', options);
  }
}
