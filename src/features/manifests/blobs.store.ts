import { algorithmOf } from '../../platform/bytes/digest';
import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';
import { queryShared } from '../../platform/db/shared-query';
import { isUsedSql } from './rules-sql';

/**
 * Whether a repository has a blob: pushed or mounted over v2, used by a manifest, or the layer of an image of v1.
 *
 * @param repositoryId - in SQL
 * @param digest - the sha256 digest of the blob, in SQL
 */
function isInRepositorySql(repositoryId: string, digest: string): string {
  return `(exists (select 1 from repository_blobs l where l.repository_id = ${repositoryId} and l.digest = ${digest})
    or ${isUsedSql(repositoryId, digest)})`;
}

export interface BlobRow {
  digest: string;
  size_bytes: number;
  storage_key: string;
  is_damaged: boolean;
}

const COLUMNS = 'b.digest, b.size_bytes, b.storage_key, b.damaged_at is not null as is_damaged';

const FIND_BLOB = {
  name: 'manifests.find_blob',
  text: `select ${COLUMNS} from blobs b where b.digest = $2 and ${isInRepositorySql('$1', 'b.digest')}`,
};

const FIND_BLOB_BY_SHA512 = {
  name: 'manifests.find_blob_by_sha512',
  text: `select ${COLUMNS} from blobs b where b.sha512 = $2 and ${isInRepositorySql('$1', 'b.digest')}`,
};

/** A blob of the repository, by either of its digests. */
export async function findBlob(db: Db, repositoryId: number, digest: string): Promise<BlobRow | undefined> {
  const statement = algorithmOf(digest) === 'sha512' ? FIND_BLOB_BY_SHA512 : FIND_BLOB;
  return (await queryShared<BlobRow>(db, statement, [repositoryId, digest]))[0];
}

/** A blob that a manifest of the repository may use. */
export interface UsableBlob {
  /** the digest by which it was asked for */
  asked: string;
  digest: string;
  size_bytes: number;
}

/** Those of the digests that are blobs of the repository and not damaged. */
export async function findUsableBlobs(tx: Db, repositoryId: number, digests: readonly string[]): Promise<UsableBlob[]> {
  return query<UsableBlob>(
    tx,
    `select a.asked, b.digest, b.size_bytes
     from unnest($2::text[]) a (asked) join blobs b on b.digest = a.asked or b.sha512 = a.asked
     where b.damaged_at is null and ${isInRepositorySql('$1', 'b.digest')}`,
    [repositoryId, digests],
  );
}

const LINK_BLOB = {
  name: 'manifests.link_blob',
  text: `insert into repository_blobs (repository_id, digest) values ($1, $2)
    on conflict (repository_id, digest) do update set linked_at = now()`,
};

/** Lets manifests of the repository use a blob. */
export async function linkBlob(tx: Db, repositoryId: number, digest: string): Promise<void> {
  await queryPrepared(tx, LINK_BLOB, [repositoryId, digest]);
}

/**
 * Removes a blob from a repository.
 *
 * @returns `used` when a manifest or an image there has it
 */
export async function unlinkBlob(tx: Db, repositoryId: number, digest: string): Promise<'unlinked' | 'used'> {
  const used = await query(tx, `select 1 where ${isUsedSql('$1', '$2')}`, [repositoryId, digest]);
  if (used.length > 0) return 'used';
  await query(tx, 'delete from repository_blobs where repository_id = $1 and digest = $2', [repositoryId, digest]);
  return 'unlinked';
}
