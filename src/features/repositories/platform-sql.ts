/*
 * The image that v1 clients get for a tag `t`. A tag that was pushed as an index has one for each architecture of engines;
 * any other tag has one for all of them.
 */

/** Joins what `platformImageSql` needs. @param architecture - a placeholder */
export function joinPlatformSql(architecture: string): string {
  return `left join manifests m on m.id = t.manifest_id
    left join platform_images p on p.manifest_id = m.id and p.architecture = ${architecture}
    left join repository_images i on i.id = p.link_id`;
}

/** The id of the image for engines of an architecture other than amd64; null: they do not see the tag. */
export const PLATFORM_IMAGE = `case when m.id is not null and m.config_digest is null then i.image_id else t.image_id end`;
