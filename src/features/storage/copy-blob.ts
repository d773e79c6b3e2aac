import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobStore } from '../../blobs/blob-store';
import { BlobDigestError, withDigest } from '../../blobs/with-digest';
import { AppError } from '../../platform/errors';
import type { BlobNeeds, SizedBlobRef } from './blobs';
import * as store from './copy.store';
import { damageFrom, setAside, type DamagedBlob } from './damage';
import type { BlobDamage } from './damage.store';
import type { Pace } from './pace';
import { findDamage } from './scrub';
import { markVerified } from './scrub.store';

/** From where to where blobs are copied. */
export interface CopyRoute {
  readonly from: BlobStore;
  readonly to: BlobStore;
  /** the id of the place `to` */
  readonly toId: string;
}

/** What became of a blob: `gone` means that its row was deleted, or points to other bytes by now. */
export type CopyOutcome = 'copied' | 'present' | 'gone' | DamagedBlob;

/** A blob whose row may say that it is damaged. */
export interface BlobToCopy extends SizedBlobRef {
  readonly isDamaged: boolean;
}

/** The source could not be read; the cause says why. */
class SourceError extends Error {
  constructor(override readonly cause: unknown) {
    super('the source of a copy could not be read');
  }
}

async function* sourceOf(bytes: AsyncIterable<Buffer>, pace: Pace): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of bytes) {
      await pace.take(chunk.length);
      yield chunk;
    }
  } catch (error) {
    throw new SourceError(error);
  }
}

/** Copies the bytes, which are compared with their digest before they are complete. @returns the damage of the source */
async function copyBytes(
  { from, to }: CopyRoute,
  { digest, storageKey, sizeBytes }: SizedBlobRef,
  pace: Pace,
): Promise<BlobDamage | undefined> {
  try {
    const bytes = await from.read(storageKey, undefined, sizeBytes).catch((error: unknown) => {
      throw new SourceError(error);
    });
    await to.writeAs(storageKey, withDigest(sourceOf(bytes as AsyncIterable<Buffer>, pace), digest));
    return undefined;
  } catch (error) {
    if (error instanceof BlobDigestError) return 'wrong bytes';
    if (!(error instanceof SourceError)) throw error;
    const damage = damageFrom(error.cause);
    if (damage === undefined) throw error.cause;
    return damage;
  }
}

/**
 * Bytes of the right length that only the target has were written there. If both places have them, they may be from an
 * earlier move, and are read back.
 */
async function isPresent({ from, to }: CopyRoute, blob: SizedBlobRef, pace: Pace): Promise<boolean> {
  if ((await to.size(blob.storageKey)) !== blob.sizeBytes) return false;
  if ((await from.size(blob.storageKey)) === undefined) return true;
  return (await findDamage({ blobs: to }, blob, (bytes) => pace.take(bytes))) === undefined;
}

/** What there is to copy for a blob, by lengths alone; nothing is changed. */
export async function lookAtBlob({ from, to }: CopyRoute, blob: BlobToCopy): Promise<CopyOutcome> {
  if ((await to.size(blob.storageKey)) === blob.sizeBytes) return 'present';
  const found = await from.size(blob.storageKey);
  if (found === blob.sizeBytes) return 'copied';
  return { digest: blob.digest, damage: found === undefined ? 'missing' : 'wrong size', repositories: [] };
}

async function copyOnce(ctx: BlobNeeds, route: CopyRoute, blob: BlobToCopy, pace: Pace): Promise<CopyOutcome> {
  const isThere = await isPresent(route, blob, pace);
  const damage = isThere ? undefined : await copyBytes(route, blob, pace);
  if (damage !== undefined) return (await setAside(ctx, blob, damage)) ?? 'gone';
  if (!(await store.recordCopied(ctx.db, route.toId, blob))) {
    // The deletion of the row may have looked for its bytes before they were complete.
    await route.to.delete([blob.storageKey]);
    return 'gone';
  }
  if (blob.isDamaged) await markVerified(ctx.db, blob.digest, blob.storageKey);
  return isThere ? 'present' : 'copied';
}

/** A bucket or Postgres may be away for a moment. */
const RETRIED_AFTER_MS = [1000, 2000, 4000, 8000, 16_000, 30_000];

/**
 * Copies a blob unless the target has it, and records that. Damaged bytes are set aside, as by `scrub`.
 *
 * @param signal - ends it early
 * @throws AppError `storage_full`; what the places throw for a minute
 */
export async function copyBlob(
  ctx: BlobNeeds,
  route: CopyRoute,
  blob: BlobToCopy,
  { pace, signal }: { readonly pace: Pace; readonly signal: AbortSignal },
): Promise<CopyOutcome> {
  for (const waitMs of RETRIED_AFTER_MS) {
    try {
      return await copyOnce(ctx, route, blob, pace);
    } catch (error) {
      if (signal.aborted || (error instanceof AppError && error.code === 'storage_full')) throw error;
      ctx.log.warn({ err: error, digest: blob.digest }, 'a layer could not be copied: trying again');
    }
    await sleep(waitMs, undefined, { signal });
  }
  return copyOnce(ctx, route, blob, pace);
}
