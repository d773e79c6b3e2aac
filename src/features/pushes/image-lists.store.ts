import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Identity } from '../access/actor';
import { callerJoins, READABLE } from '../access/policy-sql';

/**
 * Adds images to a repository's list; existing images stay, and a missing checksum never replaces a known one. The
 * images are numbered in the order of the list, in which it is read again later, but written sorted, so that two pushes
 * of overlapping lists lock the rows in one order.
 *
 * @param images - each id once
 */
export async function mergeImages(
  db: Db,
  repositoryId: number,
  images: readonly { id: string; checksum: string | undefined }[],
): Promise<void> {
  await query(
    db,
    `with listed as materialized (
       select nextval(pg_get_serial_sequence('repository_images', 'id')) as id, image_id, checksum
       from (
         select image_id, checksum from unnest($2::text[], $3::text[]) with ordinality as l (image_id, checksum, place)
         order by place
       ) in_order
     )
     insert into repository_images (id, repository_id, image_id, checksum) overriding system value
     select id, $1, image_id, checksum from listed order by image_id
     on conflict (repository_id, image_id) do update
       set checksum = coalesce(excluded.checksum, repository_images.checksum), announced_at = now()`,
    [repositoryId, images.map((image) => image.id), images.map((image) => image.checksum ?? null)],
  );
}

/**
 * Whether the image is complete in any repository that the account may read.
 *
 * @param places.completeIn - a further repository in which it may be complete
 * @param places.listedIn - a repository in which it need not be complete
 */
export async function isImageReachable(
  db: Db,
  imageId: string,
  identity: Identity | undefined,
  places: { readonly completeIn: number | undefined; readonly listedIn: number | undefined },
): Promise<boolean> {
  const rows = await query(
    db,
    `select 1 from repository_images i
       join repositories r on r.id = i.repository_id
       join namespaces n on n.name = r.namespace
       ${callerJoins('$2', '$3')}
     where i.image_id = $1 and r.state <> 'deleting'
       and ((i.content_id is not null and (r.id = $5 or ${READABLE})) or r.id = $4)
     limit 1`,
    [
      imageId,
      identity?.userId ?? null,
      identity?.accessTokenId ?? null,
      places.listedIn ?? null,
      places.completeIn ?? null,
    ],
  );
  return rows.length > 0;
}
