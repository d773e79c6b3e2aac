import type { Db } from '../../platform/db/db';
import type { Run } from '../../platform/db/copy/schema';
import { query } from '../../platform/db/query';

/** The layers that a backup needs: all but those that are known to be damaged. */
export const LISTED_LAYERS = `select digest, size_bytes, storage_key from public.blobs where damaged_at is null
  order by digest collate "C"`;

/** The size of the listed layers together. @param run - queries the snapshot */
export async function sumOfListed(run: Run): Promise<number> {
  const text = 'select coalesce(sum(size_bytes), 0)::bigint as bytes from public.blobs where damaged_at is null';
  return (await run<{ bytes: number }>(text))[0]?.bytes ?? 0;
}

/** Where the bytes of a blob are now; undefined if its row is gone. */
export async function findStorageKey(db: Db, digest: string): Promise<string | undefined> {
  const rows = await query<{ storage_key: string }>(db, 'select storage_key from blobs where digest = $1', [digest]);
  return rows[0]?.storage_key;
}
