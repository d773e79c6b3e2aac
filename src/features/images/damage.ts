import type { Readable } from 'node:stream';
import { BlobMissingError, BlobSizeError } from '../../blobs/blob-store';
import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { hasCode } from '../../platform/error-code';
import { AppError } from '../../platform/errors';
import type { RepositoryName } from '../access/actor';
import * as store from './damage.store';

/*
 * Disks lose bytes. A blob whose bytes are not what its digest says is damaged: its row says so, and its bytes go to
 * quarantine, where nothing serves them. Row first, bytes second: a crash in between leaves bytes that are not served.
 *
 *   whole -- scrub re-hashes it, or a reader finds a wrong length, or nothing --> damaged
 *   damaged -- somebody pushes the same bytes: new bytes under a new key, for every image that has them --> whole
 *   damaged -- scrub finds the right bytes under the old key again: a disk that had not been mounted --> whole
 *
 * While it is damaged, a pull of the layer gets a 503, json and ancestry stay readable, and a pusher is told that the
 * image is not there, so that the engine uploads it again (`isWantedAgain` in `locate.ts`). An engine that packs the
 * layer anew may send other bytes for the same json: then the pusher's repository gets those (`completeLink`).
 */

/** A blob as its row has it. */
export interface BlobRef {
  readonly digest: string;
  readonly storageKey: string;
}

/** A blob whose length is known. */
export interface SizedBlobRef extends BlobRef {
  readonly sizeBytes: number;
}

/** A repository that a damaged layer concerns. */
export interface Hit extends RepositoryName {
  readonly imageIds: readonly string[];
  /** that lead to one of these images */
  readonly tags: readonly string[];
}

/** A layer that cannot be served, and whom that concerns. */
export interface DamagedLayer {
  readonly digest: string;
  readonly damage: store.BlobDamage;
  readonly repositories: readonly Hit[];
}

const LOGGED_REPOSITORIES = 20;

/** What a reader of a damaged layer is told. */
export function layerIsDamaged(cause?: unknown): AppError {
  const message = 'The layer is damaged on the server: push the image again to repair it';
  return new AppError('unavailable', message, { cause });
}

/** What an error from the blob store says of the bytes; undefined when it says nothing of them. */
export function damageFrom(error: unknown): store.BlobDamage | undefined {
  if (error instanceof BlobMissingError) return 'missing';
  if (error instanceof BlobSizeError) return 'wrong size';
  return hasCode(error, 'EIO') ? 'unreadable' : undefined;
}

async function describe(ctx: Needs<'db'>, digest: string, damage: store.BlobDamage): Promise<DamagedLayer> {
  const rows = await inLongTransaction(ctx.db, (tx) => store.listHits(tx, digest));
  const repositories = rows.map(({ namespace, name, image_ids: imageIds, tags }) => ({
    namespace,
    name,
    imageIds,
    tags,
  }));
  return { digest, damage, repositories };
}

/**
 * Takes damaged bytes out of service and logs whom that concerns.
 *
 * @returns undefined when they are no longer the blob's: gc or a push was faster
 */
export async function setAside(
  ctx: Needs<'db' | 'blobs' | 'log'>,
  blob: BlobRef,
  found: store.BlobDamage,
): Promise<DamagedLayer | undefined> {
  const damage = await store.markDamaged(ctx.db, blob, found);
  if (damage === undefined) return undefined;
  try {
    await ctx.blobs.quarantine(blob.storageKey);
  } catch (error) {
    // They stay where they are, and nothing serves them all the same.
    ctx.log.warn({ err: error, digest: blob.digest }, 'a damaged layer could not be moved to quarantine');
  }
  const layer = await describe(ctx, blob.digest, damage);
  const repositories = layer.repositories.slice(0, LOGGED_REPOSITORIES);
  const repositoryCount = layer.repositories.length;
  ctx.log.error({ digest: blob.digest, damage, repositoryCount, repositories }, 'a layer is damaged');
  return layer;
}

/**
 * Opens the bytes of a blob, having looked at their length.
 *
 * @throws AppError `unavailable` when they are damaged
 */
export async function openBlob(ctx: Needs<'db' | 'blobs' | 'log'>, blob: SizedBlobRef): Promise<Readable> {
  return whileWhole(ctx, blob, () => ctx.blobs.read(blob.storageKey, undefined, blob.sizeBytes));
}

/**
 * Does with a blob what looks at its length first, and sets it aside when that shows damage.
 *
 * @throws AppError `unavailable` when it is damaged
 */
export async function whileWhole<T>(
  ctx: Needs<'db' | 'blobs' | 'log'>,
  blob: BlobRef,
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const damage = damageFrom(error);
    if (damage === undefined) throw error;
    if ((await setAside(ctx, blob, damage)) !== undefined) throw layerIsDamaged(error);
    const options = { cause: error, retryAfterSeconds: 1 };
    throw new AppError('unavailable', 'The layer has just been replaced or removed', options);
  }
}
