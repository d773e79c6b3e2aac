/**
 * SQL of the names of the tags for which clients of v2 get a manifest, without order: those that point to it, to the v1 image of
 * which it is the view, or to the manifest of which it is the twin.
 *
 * @param manifest - SQL of its number
 */
export function servedTagsSql(manifest: string): string {
  return `select name from tags where manifest_id = ${manifest}
    union
    select t.name from image_manifests v join repository_images i on i.id = v.link_id
      join tags t on t.repository_id = i.repository_id and t.image_id = i.image_id and t.manifest_id is null
    where v.manifest_id = ${manifest}
    union
    select t.name from manifest_twins x join tags t on t.manifest_id = x.manifest_id where x.twin_id = ${manifest}`;
}
