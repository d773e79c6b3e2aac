import type { StoredBlob } from '../../blobs/stored-blob';
import type { Needs } from '../../context';
import { inPatientTransaction, type Db } from '../../platform/db/db';
import * as store from './blobs.store';

/*
 * The floor of all bytes: a row of `blobs` for each digest, and bytes in the blob store that the row points to. What has
 * the bytes (an image, an upload, later a manifest) points to the row with a foreign key, and is registered in
 * `src/blob-referrers.ts`; this feature does not know any of them by name.
 *
 * Bytes first, row second: `keepBlob` takes bytes that are safe, and records the row together with what points to it.
 * Row first, bytes second on the way out: `garbage.ts`. What is damaged: `damage.ts`.
 */

/** What working with blobs takes. */
export type BlobNeeds = Needs<'db' | 'blobs' | 'log' | 'blobReferrers'>;

/** A blob as its row has it. */
export interface BlobRef {
  readonly digest: string;
  readonly storageKey: string;
}

/** A blob whose length is known. */
export interface SizedBlobRef extends BlobRef {
  readonly sizeBytes: number;
}

/** What became of bytes that were stored. */
export interface KeptBlob<T> {
  /** what `point` resolved to */
  readonly pointed: T;
  readonly sizeBytes: number;
  /** 0 where equal bytes were there before */
  readonly newBytes: number;
}

/** Equal bytes that arrive again repair those that are missing or cut off. */
async function replaceBroken(ctx: Needs<'db' | 'blobs' | 'log'>, blob: StoredBlob, usedKey: string): Promise<boolean> {
  if ((await ctx.blobs.size(usedKey)) === blob.sizeBytes) return false;
  if (!(await store.replaceBlob(ctx.db, blob, usedKey))) return false;
  ctx.log.warn({ digest: blob.digest }, 'a damaged layer was replaced by the same bytes from a push');
  await ctx.blobs.quarantine(usedKey);
  return true;
}

/**
 * Records bytes that are safe in the store, and what points to them, in one transaction. Equal bytes are kept once: the
 * copy that came later is deleted, unless it repairs the other one.
 *
 * @param point - the caller's part of the transaction
 * @throws whatever `point` throws; the bytes are then swept later
 */
export async function keepBlob<T>(
  ctx: Needs<'db' | 'blobs' | 'log'>,
  blob: StoredBlob,
  point: (tx: Db) => Promise<T>,
): Promise<KeptBlob<T>> {
  const { usedKey, pointed } = await inPatientTransaction(ctx.db, async (tx) => ({
    usedKey: await store.recordBlob(tx, blob),
    pointed: await point(tx),
  }));
  const isNew = usedKey === blob.key || (await replaceBroken(ctx, blob, usedKey));
  if (!isNew) await ctx.blobs.delete(blob.key);
  return { pointed, sizeBytes: blob.sizeBytes, newBytes: isNew ? blob.sizeBytes : 0 };
}

/** How many bytes all blobs have together. */
export async function storedBytes(ctx: Needs<'db'>): Promise<number> {
  return store.sumOfSizes(ctx.db);
}
