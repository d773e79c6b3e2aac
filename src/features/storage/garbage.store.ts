import type { BlobReferrer } from '../../context';
import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';
import { planSql } from './deletions.store';

export interface FreedBlobRow {
  size_bytes: number;
  storage_key: string;
}

function unreferencedSql(referrers: readonly BlobReferrer[]): string {
  return referrers.map(({ isReferencedSql }) => `and not (${isReferencedSql('b.digest')})`).join('\n       ');
}

/** The digests of blobs that no referrer points to, as many as `limit` of them. */
export async function listUnreferenced(
  db: Db,
  referrers: readonly BlobReferrer[],
  olderThanMs: number,
  limit: number,
): Promise<string[]> {
  const rows = await query<{ digest: string }>(
    db,
    `select b.digest from blobs b where b.referenced_at < ${agoSql('$1')} ${unreferencedSql(referrers)} limit $2`,
    [olderThanMs, limit],
  );
  return rows.map(({ digest }) => digest);
}

/**
 * Deletes the rows of those of the blobs that no referrer points to, and plans the deletion of their bytes. If a row is
 * locked, its age is compared again afterwards, because a transaction that recorded the same bytes has updated
 * `referenced_at`.
 */
export async function deleteUnreferenced(
  db: Db,
  referrers: readonly BlobReferrer[],
  olderThanMs: number,
  digests: readonly string[],
): Promise<FreedBlobRow[]> {
  return query<FreedBlobRow>(
    db,
    `with gone as (
       delete from blobs b where b.referenced_at < ${agoSql('$1')} and b.digest = any ($2::text[])
         ${unreferencedSql(referrers)}
       returning b.size_bytes, b.storage_key
     ), planned as (${planSql('select storage_key from gone')})
     select size_bytes, storage_key from gone`,
    [olderThanMs, digests],
  );
}
