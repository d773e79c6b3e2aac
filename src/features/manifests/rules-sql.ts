/*
 * Rules about manifests for queries, each in one place. They call manifests `m`, tags `t` and repositories `r`.
 */

/**
 * Whether a manifest of a repository uses a blob.
 *
 * @param repositoryId - in SQL
 * @param digest - the sha256 digest of the blob, in SQL
 * @param gone - manifests that do not count, as an array of their numbers in SQL
 */
export function isUsedByManifestSql(repositoryId: string, digest: string, gone?: string): string {
  const isThere = gone === undefined ? '' : `and m.id <> all (${gone})`;
  return `exists (select from manifest_blobs x join manifests m on m.id = x.manifest_id
    where x.digest = ${digest} and m.repository_id = ${repositoryId} ${isThere})`;
}

/** Whether a manifest of a repository uses a blob, or an image of v1 has it as its layer. @param digest - as above */
export function isUsedSql(repositoryId: string, digest: string): string {
  return `(${isUsedByManifestSql(repositoryId, digest)}
    or exists (select from image_contents c join repository_images i on i.content_id = c.id
      where c.layer_digest = ${digest} and i.repository_id = ${repositoryId}))`;
}

/** The digests of manifests that a manifest needs: what it lists as an index, and those that have it as their subject. */
function neededDigestsSql(from: string, repositoryId: string): string {
  return `select c.child_digest as digest from manifest_children c where c.parent_id = ${from}.id
    union all
    select s.digest from manifests s where s.repository_id = ${repositoryId} and s.subject = ${from}.digest`;
}

function joinByDigestSql(digests: string, repositoryId: string): string {
  return `join lateral (${digests}) needed_by on true
    join manifests m on m.repository_id = ${repositoryId} and m.digest = needed_by.digest`;
}

/**
 * Joins the manifests `m` that a manifest needs next to it: what it lists as an index, and those that refer to it as their
 * subject.
 *
 * @param from - the alias of a manifest with its `id` and `digest`
 * @param repositoryId - in SQL
 */
export function joinNeededSql(from: string, repositoryId: string): string {
  return joinByDigestSql(neededDigestsSql(from, repositoryId), repositoryId);
}

/** The same with its twin in docker's format, which is kept as long as the manifest, but not copied with it. */
export function joinKeptSql(from: string, repositoryId: string): string {
  const twin = `select w.digest from manifest_twins x join manifests w on w.id = x.twin_id where x.manifest_id = ${from}.id`;
  return joinByDigestSql(`${neededDigestsSql(from, repositoryId)} union all ${twin}`, repositoryId);
}

/**
 * Joins the manifests `m` that keep a manifest: the indexes that list it, its subject, and the one whose twin it is.
 *
 * @param from - the alias of a manifest with its `id`, `digest` and `subject`
 * @param repositoryId - in SQL
 */
export function joinKeepersSql(from: string, repositoryId: string): string {
  return `join lateral (
      select c.parent_id as id from manifest_children c where c.child_digest = ${from}.digest
      union all select s.id from manifests s where s.repository_id = ${repositoryId} and s.digest = ${from}.subject
      union all select x.manifest_id from manifest_twins x where x.twin_id = ${from}.id
    ) kept_by on true
    join manifests m on m.repository_id = ${repositoryId} and m.id = kept_by.id`;
}

/** Whether a manifest `m` is the twin of another one. */
export const IS_TWIN = 'exists (select from manifest_twins x where x.twin_id = m.id)';

/** Joins the view `v` of a tag `t` that was pushed over v1: the manifest of its image, or why there is none. */
export const JOIN_VIEW_OF_TAG = `left join repository_images i
    on t.manifest_id is null and i.repository_id = t.repository_id and i.image_id = t.image_id
  left join image_manifests v on v.link_id = i.id`;
