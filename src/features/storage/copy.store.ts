import { inLongTransaction, type Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface BlobRow {
  digest: string;
  size_bytes: number;
  storage_key: string;
  is_damaged: boolean;
}

/** A number of blobs and their bytes together. */
export interface BlobCount {
  readonly blobs: number;
  readonly bytes: number;
}

/** Damaged blobs are looked at again, because their bytes may be there by now. */
const LEFT = `(b.damaged_at is not null or not exists (
  select 1 from copied_blobs c where c.storage_key = b.storage_key and c.place_id = $1))`;

/** The blobs that are not known to be in a place. */
export async function countLeft(db: Db, placeId: string): Promise<BlobCount> {
  const rows = await inLongTransaction(db, (tx) =>
    query<{ blobs: number; bytes: number }>(
      tx,
      `select count(*)::int as blobs, coalesce(sum(size_bytes), 0)::bigint as bytes from blobs b where ${LEFT}`,
      [placeId],
    ),
  );
  return rows[0] ?? { blobs: 0, bytes: 0 };
}

/** The same after a digest, in the order of their digests. */
export async function listLeft(db: Db, placeId: string, after: string, limit: number): Promise<BlobRow[]> {
  return inLongTransaction(db, (tx) =>
    query<BlobRow>(
      tx,
      `select digest, size_bytes, storage_key, damaged_at is not null as is_damaged from blobs b
       where digest > $2 and ${LEFT} order by digest limit $3`,
      [placeId, after, limit],
    ),
  );
}

/**
 * Records that the bytes of a blob are in a place.
 *
 * @returns false when the blob is gone, or has other bytes by now
 */
export async function recordCopied(
  db: Db,
  placeId: string,
  blob: { readonly digest: string; readonly storageKey: string },
): Promise<boolean> {
  const rows = await query(
    db,
    `insert into copied_blobs (storage_key, place_id) select storage_key, $1 from blobs where digest = $2 and storage_key = $3
     on conflict (storage_key) do update set place_id = excluded.place_id returning storage_key`,
    [placeId, blob.digest, blob.storageKey],
  );
  return rows.length > 0;
}

/** Forgets what was copied, except to this place. @param placeId - undefined: all */
export async function forgetCopied(db: Db, placeId?: string): Promise<void> {
  await inLongTransaction(db, async (tx) => {
    await query(tx, 'delete from copied_blobs where place_id is distinct from $1', [placeId ?? null]);
  });
}
