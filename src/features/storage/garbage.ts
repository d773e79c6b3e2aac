import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import * as store from './garbage.store';

/*
 * A blob is garbage when no registered referrer points to it (`src/blob-referrers.ts`). Rows are deleted before bytes
 * (`deletions.ts`), so a crash can only leave bytes without a row. Each referrer is a foreign key: if
 * a row begins to point to a blob at the same moment, or a referrer was not registered, the key lets only one of the
 * two succeed.
 */

/** A blob whose row is gone, once the transaction is committed. */
export interface FreedBlob {
  readonly sizeBytes: number;
  readonly storageKey: string;
}

/**
 * Deletes the rows of blobs that nothing points to, and plans the deletion of their bytes: `deleteBytes`, after the
 * transaction.
 *
 * @param olderThanMs - keeps blobs that were recorded, or recorded again, within this time
 * @throws a foreign key violation when something points to one of them at this moment
 */
export async function freeUnreferenced(
  { blobReferrers }: Needs<'blobReferrers'>,
  tx: Db,
  olderThanMs: number,
  digests: readonly string[],
): Promise<FreedBlob[]> {
  if (digests.length === 0) return [];
  const rows = await store.deleteUnreferenced(tx, blobReferrers, olderThanMs, digests);
  return rows.map((row) => ({ sizeBytes: row.size_bytes, storageKey: row.storage_key }));
}

/** The keys of the bytes of freed blobs. */
export function keysOf(freed: readonly FreedBlob[]): string[] {
  return freed.map(({ storageKey }) => storageKey);
}
