import type { StoredBlob } from '../../blobs/stored-blob';
import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/**
 * Records bytes that are safely stored, and keeps gc away from them. Resolves to the key that counts, which is another
 * one if equal bytes came first. If those are damaged, the new bytes replace them for everything that points to them.
 */
export async function recordBlob(db: Db, blob: StoredBlob): Promise<string> {
  const rows = await query<{ storage_key: string }>(
    db,
    `insert into blobs (digest, size_bytes, storage_key, sha512) values ($1, $2, $3, $4)
     on conflict (digest) do update set
       referenced_at = now(),
       sha512 = coalesce(blobs.sha512, excluded.sha512),
       storage_key = case when blobs.damaged_at is null then blobs.storage_key else excluded.storage_key end,
       verified_at = case when blobs.damaged_at is null then blobs.verified_at end,
       damaged_at = null, damage = null
     returning storage_key`,
    [blob.digest, blob.sizeBytes, blob.key, blob.sha512 ?? null],
  );
  return rows[0]?.storage_key ?? blob.key;
}

/** @returns false when the row is gone, or points to other bytes by now */
export async function replaceBlob(db: Db, blob: StoredBlob, brokenKey: string): Promise<boolean> {
  const rows = await query(
    db,
    `update blobs set storage_key = $3, verified_at = null, damaged_at = null, damage = null
     where digest = $1 and storage_key = $2 returning digest`,
    [blob.digest, brokenKey, blob.key],
  );
  return rows.length > 0;
}

/** The size of all blobs together. */
export async function sumOfSizes(db: Db): Promise<number> {
  // A sum of bigint is numeric.
  const rows = await query<{ bytes: number }>(db, 'select coalesce(sum(size_bytes), 0)::bigint as bytes from blobs');
  return rows[0]?.bytes ?? 0;
}
