import type { BlobReferrer } from '../../context';
import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';
import { planSql } from './deletions.store';

export interface FreedBlobRow {
  size_bytes: number;
  storage_key: string;
}

/**
 * Deletes the rows of blobs that no referrer points to, and plans the deletion of their bytes. If a row is locked, its age is compared again afterwards,
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
    `with gone as (delete from blobs b where b.referenced_at < ${agoSql('$1')} and ($2::text[] is null or b.digest = any ($2::text[]))
       ${unreferenced.join('\n       ')}
       returning b.size_bytes, b.storage_key),
     planned as (${planSql('select storage_key from gone')})
     select size_bytes, storage_key from gone`,
    [olderThanMs, digests ?? null],
  );
}
