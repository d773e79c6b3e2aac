import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';
import { IS_TWIN, isUsedByManifestSql, joinKeptSql } from './rules-sql';

/**
 * Whether a manifest is needed by itself: a tag points to it, it was pushed or lost its tag lately, or it is what clients of
 * v2 get for an image of v1 that the repository has.
 *
 * @param keepMs - the placeholder of the time for which manifests without a tag are kept
 */
function isRootSql(keepMs: string): string {
  return `((m.origin = 'pushed' and m.tagged_at >= ${agoSql(keepMs)})
    or exists (select from tags t where t.manifest_id = m.id)
    or exists (select from image_manifests v where v.manifest_id = m.id))`;
}

/** Repositories with numbers from `after`, without it, through `through`. */
export interface Numbers {
  readonly after: number;
  readonly through: number;
}

/** Repositories that may have manifests or links of blobs to free. */
export async function listCandidates(
  db: Db,
  ages: { readonly keepUntaggedMs: number; readonly olderThanMs: number },
  { after, through }: Numbers,
): Promise<number[]> {
  const rows = await query<{ id: number }>(
    db,
    `select distinct m.repository_id as id from manifests m
     where m.repository_id > $3 and m.repository_id <= $4 and not ${isRootSql('$1')} and not ${IS_TWIN}
     union select distinct l.repository_id from repository_blobs l
     where l.repository_id > $3 and l.repository_id <= $4 and l.linked_at < ${agoSql('$2')}
       and not ${isUsedByManifestSql('l.repository_id', 'l.digest')}`,
    [ages.keepUntaggedMs, ages.olderThanMs, after, through],
  );
  return rows.map(({ id }) => id);
}

/**
 * Deletes the manifests that neither a tag nor a kept manifest needs: an index keeps what it lists, and a manifest keeps
 * those that refer to it as their subject, and its twin in docker's format.
 *
 * @returns the digests of the blobs that they used
 */
export async function deleteUnneeded(
  tx: Db,
  repositoryId: number,
  keepUntaggedMs: number,
): Promise<{ manifests: number; blobs: string[] }> {
  const rows = await query<{ id: number; blobs: string[] }>(
    tx,
    `with recursive kept as (
       select m.id, m.digest from manifests m where m.repository_id = $1
         and ${isRootSql('$2')}
       union
       select m.id, m.digest from kept k ${joinKeptSql('k', '$1')}
     )
     delete from manifests m where m.repository_id = $1 and m.id not in (select id from kept)
     returning m.id, array(select x.digest from manifest_blobs x where x.manifest_id = m.id) as blobs`,
    [repositoryId, keepUntaggedMs],
  );
  return { manifests: rows.length, blobs: rows.flatMap((row) => row.blobs) };
}

/** Deletes links that no manifest of the repository uses. @returns the digests of their blobs */
export async function deleteUnusedLinks(tx: Db, repositoryId: number, olderThanMs: number): Promise<string[]> {
  const rows = await query<{ digest: string }>(
    tx,
    `delete from repository_blobs l where l.repository_id = $1 and l.linked_at < ${agoSql('$2')}
       and not ${isUsedByManifestSql('$1', 'l.digest')}
     returning l.digest`,
    [repositoryId, olderThanMs],
  );
  return rows.map(({ digest }) => digest);
}
