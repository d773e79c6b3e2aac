import type { StoredBlob } from '../../blobs/stored-blob';
import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';
import { planSql } from './deletions.store';
import type { LayerFacts } from './read-layers';

/** A recorded blob. */
export interface RecordedBlob {
  /** the key of the bytes that count: another one if equal bytes came first */
  storage_key: string;
  /** it is a layer of v1, and has to be read for clients of v2 */
  is_unread: boolean;
}

const RECORD_BLOB = {
  name: 'storage.record_blob',
  text: `with replaced as (select storage_key from blobs where digest = $1 and damaged_at is not null),
    planned as (${planSql('select storage_key from replaced', true)})
    insert into blobs (digest, size_bytes, storage_key, sha512, compression, diff_id, layer_problem, unread_since)
    values ($1, $2, $3, $4, $5, $6, $7, case when $8 then now() end)
    on conflict (digest) do update set
      referenced_at = now(),
      sha512 = coalesce(blobs.sha512, excluded.sha512),
      storage_key = case when blobs.damaged_at is null then blobs.storage_key else excluded.storage_key end,
      verified_at = case when blobs.damaged_at is null then blobs.verified_at end,
      damaged_at = null, damage = null,
      (compression, diff_id, layer_problem, unread_since) = (select
        case when is_read then blobs.compression else excluded.compression end,
        case when is_read then blobs.diff_id else excluded.diff_id end,
        case when is_read then blobs.layer_problem else excluded.layer_problem end,
        case when not is_read and excluded.diff_id is null and excluded.layer_problem is null
          then coalesce(blobs.unread_since, excluded.unread_since) end
        from (select blobs.diff_id is not null or blobs.layer_problem is not null as is_read) was)
    returning storage_key, unread_since is not null as is_unread`,
};

/**
 * Records bytes that are safely stored, and keeps gc away from them. If equal bytes came first and are damaged, the new
 * ones replace them for everything that points to them, and the old ones go to quarantine. What was found out first about a layer stays.
 *
 * @param facts - about a layer of v1: what is known of it, or that it has to be read; undefined: it is not a layer
 */
export async function recordBlob(db: Db, blob: StoredBlob, facts?: LayerFacts | 'unread'): Promise<RecordedBlob> {
  const { compression, diffId, problem }: Partial<LayerFacts> = facts === 'unread' ? {} : (facts ?? {});
  const rows = await queryPrepared<RecordedBlob>(db, RECORD_BLOB, [
    blob.digest,
    blob.sizeBytes,
    blob.key,
    blob.sha512 ?? null,
    compression ?? null,
    diffId ?? null,
    problem ?? null,
    facts === 'unread',
  ]);
  return rows[0] ?? { storage_key: blob.key, is_unread: false };
}

/**
 * Lets a row point to new bytes, and plans that the broken ones go to quarantine.
 *
 * @returns false when the row is gone, or points to other bytes by now
 */
export async function replaceBlob(db: Db, blob: StoredBlob, brokenKey: string): Promise<boolean> {
  const rows = await query(
    db,
    `with replaced as (
       update blobs set storage_key = $3, verified_at = null, damaged_at = null, damage = null
       where digest = $1 and storage_key = $2 returning digest),
     planned as (${planSql('select $2 from replaced', true)})
     select digest from replaced`,
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
