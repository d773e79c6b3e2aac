import type { BlobReferrer } from '../../context';
import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';

export interface FreedBlobRow {
  size_bytes: number;
  storage_key: string;
}

/**
 * Deletes the rows of blobs that no referrer points to. The age is compared once more when a row turns out to be locked:
 * who records the same bytes at this moment has touched `referenced_at`.
 *
 * @param digests - undefined: of all
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

/** Which of the keys a row points to. */
export async function findKnownKeys(db: Db, keys: readonly string[]): Promise<Set<string>> {
  const rows = await query<{ storage_key: string }>(
    db,
    'select storage_key from blobs where storage_key = any ($1::text[])',
    [keys],
  );
  return new Set(rows.map((row) => row.storage_key));
}
