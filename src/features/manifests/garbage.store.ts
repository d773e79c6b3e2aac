import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';
import { IS_TWIN, isUsedByManifestSql, joinKeepersSql, joinKeptSql } from './rules-sql';

/**
 * Whether a manifest is needed by itself: a tag points to it, it was pushed or lost its tag lately, or it is what clients of
 * v2 get for an image of v1 that the repository has.
 *
 * @param keepMs - the placeholder of the time for which manifests without a tag are kept
 * @param goneLinks - images that do not count, as an array of the numbers of their links in SQL
 */
function isRootSql(keepMs: string, goneLinks?: string): string {
  const isThere = goneLinks === undefined ? '' : `and v.link_id <> all (${goneLinks})`;
  return `((m.origin = 'pushed' and m.tagged_at >= ${agoSql(keepMs)})
    or exists (select from tags t where t.manifest_id = m.id)
    or exists (select from image_manifests v where v.manifest_id = m.id ${isThere}))`;
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
 * The manifests that neither a tag nor a kept manifest needs: an index keeps what it lists, and a manifest keeps those
 * that refer to it as their subject, and its twin in docker's format.
 *
 * @param goneLinks - images, by the numbers of their links, that are garbage as well
 */
export async function listUnneeded(
  db: Db,
  repositoryId: number,
  keepUntaggedMs: number,
  goneLinks: readonly number[],
): Promise<number[]> {
  const rows = await query<{ id: number }>(
    db,
    `with recursive kept as (
       select m.id, m.digest from manifests m where m.repository_id = $1 and ${isRootSql('$2', '$3::bigint[]')}
       union
       select m.id, m.digest from kept k ${joinKeptSql('k', '$1')}
     )
     select m.id from manifests m where m.repository_id = $1 and not exists (select from kept k where k.id = m.id)`,
    [repositoryId, keepUntaggedMs, goneLinks],
  );
  return rows.map(({ id }) => id);
}

/**
 * Deletes those of the manifests that are still not needed, together with those that would have kept them and that are
 * not needed either.
 *
 * @returns the digests of the blobs that they used
 */
export async function deleteUnneeded(
  tx: Db,
  repositoryId: number,
  keepUntaggedMs: number,
  ids: readonly number[],
): Promise<{ manifests: number; blobs: string[] }> {
  const rows = await query<{ id: number; blobs: string[] }>(
    tx,
    `with recursive given as (
       select m.id, m.digest, m.subject from manifests m where m.repository_id = $1 and m.id = any ($3::bigint[])
       union
       select m.id, m.digest, m.subject from given g ${joinKeepersSql('g', '$1')}
     ), kept as (
       select m.id, m.digest from manifests m join given g on g.id = m.id where ${isRootSql('$2')}
       union
       select m.id, m.digest from kept k ${joinKeptSql('k', '$1')} where m.id in (select id from given)
     )
     delete from manifests m using given g where m.id = g.id and not exists (select from kept k where k.id = m.id)
     returning m.id, array(select x.digest from manifest_blobs x where x.manifest_id = m.id) as blobs`,
    [repositoryId, keepUntaggedMs, ids],
  );
  return { manifests: rows.length, blobs: rows.flatMap((row) => row.blobs) };
}

/** Links that no manifest of the repository uses. @param goneManifests - that are garbage as well */
export async function listUnusedLinks(
  db: Db,
  repositoryId: number,
  olderThanMs: number,
  goneManifests: readonly number[],
): Promise<string[]> {
  const rows = await query<{ digest: string }>(
    db,
    `select l.digest from repository_blobs l where l.repository_id = $1 and l.linked_at < ${agoSql('$2')}
       and not ${isUsedByManifestSql('$1', 'l.digest', '$3::bigint[]')}`,
    [repositoryId, olderThanMs, goneManifests],
  );
  return rows.map(({ digest }) => digest);
}

/** Deletes those of the links that still no manifest of the repository uses. @returns the digests of their blobs */
export async function deleteUnusedLinks(
  tx: Db,
  repositoryId: number,
  olderThanMs: number,
  digests: readonly string[],
): Promise<string[]> {
  const rows = await query<{ digest: string }>(
    tx,
    `delete from repository_blobs l where l.repository_id = $1 and l.digest = any ($3::text[])
       and l.linked_at < ${agoSql('$2')} and not ${isUsedByManifestSql('$1', 'l.digest')}
     returning l.digest`,
    [repositoryId, olderThanMs, digests],
  );
  return rows.map(({ digest }) => digest);
}
