import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** Bytes that are to be deleted. */
export interface PlannedDeletion {
  readonly key: string;
  /** they go to quarantine */
  readonly isDamaged: boolean;
}

/**
 * A part of a statement: plans the deletion of bytes.
 *
 * @param keysSql - a query with one column, the keys
 */
export function planSql(keysSql: string, isDamaged = false): string {
  return `insert into pending_deletions (key, is_damaged) select k.key, ${isDamaged} from (${keysSql}) k (key)
    on conflict (key) do nothing`;
}

/** Planned deletions after a key, in the order of their keys. */
export async function listPlanned(db: Db, after: string, limit: number): Promise<PlannedDeletion[]> {
  const text = `select key, is_damaged as "isDamaged" from pending_deletions where key > $1 order by key limit $2`;
  return query<{ key: string; isDamaged: boolean }>(db, text, [after, limit]);
}

/** The bytes are gone, or a row points to them after all. */
export async function forgetPlanned(db: Db, keys: readonly string[]): Promise<void> {
  await query(db, 'delete from pending_deletions where key = any ($1::text[])', [keys]);
}

/** Those of the keys that a row points to. */
export async function findKnownKeys(db: Db, keys: readonly string[]): Promise<Set<string>> {
  const rows = await query<{ storage_key: string }>(
    db,
    'select storage_key from blobs where storage_key = any ($1::text[])',
    [keys],
  );
  return new Set(rows.map((row) => row.storage_key));
}
