import type { StoredBlob } from '../../blobs/stored-blob';
import type { Needs } from '../../context';
import { inPatientTransaction, type Db } from '../../platform/db/db';
import * as store from './blobs.store';
import { discardBytes, quarantineBytes } from './deletions';
import { factsOnArrival, queueReading } from './read-layers';

/*
 * The base of all stored bytes: a row of `blobs` for each digest, which points to bytes in the blob store. Tables that
 * use the bytes (images, uploads, later manifests) point to the row with a foreign key, and are registered in
 * `src/blob-referrers.ts`; this feature does not know them by name.
 *
 * Bytes first, row second: `keepBlob` takes bytes that are safely stored, and records the row together with its
 * referrer. Deletion is the reverse, row first, bytes second: `garbage.ts`, `deletions.ts`. For damaged bytes see `damage.ts`.
 */

/** What working with blobs needs. */
export type BlobNeeds = Needs<'db' | 'blobs' | 'log' | 'blobReferrers'>;

/** A blob, as recorded in its row. */
export interface BlobRef {
  readonly digest: string;
  readonly storageKey: string;
}

/** A blob whose length is known. */
export interface SizedBlobRef extends BlobRef {
  readonly sizeBytes: number;
}

/** The result of storing bytes. */
export interface KeptBlob<T> {
  /** the value that `point` resolved to */
  readonly pointed: T;
  readonly sizeBytes: number;
  /** 0 if equal bytes were stored before */
  readonly newBytes: number;
}

/** Equal bytes that arrive again replace bytes that are missing or cut off. */
async function replaceBroken(ctx: Needs<'db' | 'blobs' | 'log'>, blob: StoredBlob, usedKey: string): Promise<boolean> {
  if ((await ctx.blobs.size(usedKey)) === blob.sizeBytes) return false;
  if (!(await store.replaceBlob(ctx.db, blob, usedKey))) return false;
  ctx.log.warn({ digest: blob.digest }, 'a damaged layer was replaced by the same bytes from a push');
  await quarantineBytes(ctx, usedKey);
  return true;
}

/**
 * Records bytes that are safe in the store, and their referrer, in one transaction. Equal bytes are stored once: the
 * later copy is deleted, unless it replaces a broken one. Bytes that were unpacked while they arrived are a layer of v1:
 * what is known of it is recorded, too, or it is read soon.
 *
 * @param point - the caller's part of the transaction
 * @throws what `point` throws; then the bytes are swept later
 */
export async function keepBlob<T>(
  ctx: Needs<'db' | 'blobs' | 'log'>,
  blob: StoredBlob,
  point: (tx: Db) => Promise<T>,
): Promise<KeptBlob<T>> {
  const facts = factsOnArrival(blob);
  const { usedKey, pointed } = await inPatientTransaction(ctx.db, async (tx) => {
    const recorded = await store.recordBlob(tx, blob, facts);
    const result = { usedKey: recorded.storage_key, pointed: await point(tx) };
    if (facts !== undefined && recorded.is_unread) await queueReading(tx);
    return result;
  });
  const isNew = usedKey === blob.key || (await replaceBroken(ctx, blob, usedKey));
  if (!isNew) await discardBytes(ctx, blob.key);
  return { pointed, sizeBytes: blob.sizeBytes, newBytes: isNew ? blob.sizeBytes : 0 };
}

/** The size of all blobs together, in bytes. */
export async function storedBytes(ctx: Needs<'db'>): Promise<number> {
  return store.sumOfSizes(ctx.db);
}
