import type { BlobReferrer } from '../../context';
import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';

export interface FreedBlobRow {
  size_bytes: number;
  storage_key: string;
}

/**
 * Deletes the rows of blobs that no referrer points to. If a row is locked, its age is compared again afterwards,
 * because a transaction that recorded the same bytes has updated `referenced_at`.
 *
 * @param digests - undefined: all blobs
 */
export async function deleteUnreferenced(
  db: Db,
  referrers: readonly BlobReferrer[],
  olderThanMs: number,
  digests: readonly string[] | undefined,
): Promise<FreedBlobRow[]> {
  const unreferenced = referrers.map(({ isReferencedSql }) => `and not (${isReferencedSql('b.digest')})`);
  return query<FreedBlobRow>(
    db,
    `delete from blobs b where b.referenced_at < ${agoSql('$1')} and ($2::text[] is null or b.digest = any ($2::text[]))
       ${unreferenced.join('\n       ')}
     returning b.size_bytes, b.storage_key`,
    [olderThanMs, digests ?? null],
  );
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
