import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/**
 * The database's clock, as text: a value that is compared with its times must not come from another clock, nor be cut
 * to the milliseconds of a Date.
 */
export async function now(db: Db): Promise<string> {
  const rows = await query<{ now: string }>(db, 'select now()::text as now');
  const row = rows[0];
  if (row === undefined) throw new Error('the query for the time returned no row');
  return row.now;
}

export interface BlobRow {
  digest: string;
  size_bytes: number;
  storage_key: string;
  is_damaged: boolean;
}

const UNVERIFIED = `(verified_at is null or verified_at < $1::timestamptz - $2 * interval '1 millisecond')
  and created_at <= $1`;

/** The number and the size of the blobs that `listUnverified` lists. */
export async function countUnverified(
  db: Db,
  startedAt: string,
  olderThanMs: number,
): Promise<{ layers: number; bytes: number }> {
  const [row = { layers: 0, bytes: 0 }] = await query<{ layers: number; bytes: number }>(
    db,
    `select count(*)::int as layers, coalesce(sum(size_bytes), 0)::bigint as bytes from blobs where ${UNVERIFIED}`,
    [startedAt, olderThanMs],
  );
  return row;
}

/** Blobs that existed at the start and were not read back within this time before it, the least recently read first. */
export async function listUnverified(
  db: Db,
  startedAt: string,
  olderThanMs: number,
  limit: number,
): Promise<BlobRow[]> {
  return query<BlobRow>(
    db,
    `select digest, size_bytes, storage_key, damaged_at is not null as is_damaged from blobs
     where ${UNVERIFIED} order by verified_at nulls first, digest limit $3`,
    [startedAt, olderThanMs, limit],
  );
}

/** Records that the bytes under this key are correct. */
export async function markVerified(db: Db, digest: string, storageKey: string): Promise<void> {
  await query(
    db,
    `update blobs set verified_at = now(), damaged_at = null, damage = null where digest = $1 and storage_key = $2`,
    [digest, storageKey],
  );
}
