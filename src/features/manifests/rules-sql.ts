/*
 * Rules about manifests for queries, each in one place. They call manifests `m`, tags `t` and repositories `r`.
 */

/**
 * Whether a manifest of a repository uses a blob.
 *
 * @param repositoryId - in SQL
 * @param digest - the sha256 digest of the blob, in SQL
 */
export function isUsedByManifestSql(repositoryId: string, digest: string): string {
  return `exists (select from manifest_blobs x join manifests m on m.id = x.manifest_id
    where x.digest = ${digest} and m.repository_id = ${repositoryId})`;
}

/** Whether a manifest of a repository uses a blob, or an image of v1 has it as its layer. @param digest - as above */
export function isUsedSql(repositoryId: string, digest: string): string {
  return `(${isUsedByManifestSql(repositoryId, digest)}
    or exists (select from image_contents c join repository_images i on i.content_id = c.id
      where c.layer_digest = ${digest} and i.repository_id = ${repositoryId}))`;
}

/**
 * Joins the manifests `m` that a manifest needs next to it: what it lists as an index, and those that refer to it as their
 * subject.
 *
 * @param from - the alias of a manifest with its `id` and `digest`
 * @param repositoryId - in SQL
 */
export function joinNeededSql(from: string, repositoryId: string): string {
  return `join lateral (
      select c.child_digest as digest from manifest_children c where c.parent_id = ${from}.id
      union all
      select s.digest from manifests s where s.repository_id = ${repositoryId} and s.subject = ${from}.digest
    ) needed_by on true
    join manifests m on m.repository_id = ${repositoryId} and m.digest = needed_by.digest`;
}

/** Joins the view `v` of a tag `t` that was pushed over v1: the manifest of its image, or why there is none. */
export const JOIN_VIEW_OF_TAG = `left join repository_images i
    on t.manifest_id is null and i.repository_id = t.repository_id and i.image_id = t.image_id
  left join image_manifests v on v.link_id = i.id`;
