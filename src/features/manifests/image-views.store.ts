import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** The image of v1 whose manifest this is; undefined when it was pushed over v2. */
export async function findImageOf(tx: Db, repositoryId: number, manifestId: number): Promise<string | undefined> {
  const rows = await query<{ image_id: string }>(
    tx,
    `select i.image_id from image_manifests v join repository_images i on i.id = v.link_id
     where v.manifest_id = $1 and not v.is_derived and i.repository_id = $2 order by i.id limit 1`,
    [manifestId, repositoryId],
  );
  return rows[0]?.image_id;
}

/** What clients of v2 get for images of v1: the digest of a manifest, or why there is none; as far as it is known. */
export async function listViews(
  db: Db,
  repositoryId: number,
  imageIds: readonly string[],
): Promise<{ image_id: string; digest: string | null; problem: string | null }[]> {
  return query(
    db,
    `select i.image_id, m.digest, v.problem from repository_images i join image_manifests v on v.link_id = i.id
       left join manifests m on m.id = v.manifest_id
     where i.repository_id = $1 and i.image_id = any ($2::text[])`,
    [repositoryId, imageIds],
  );
}

/** The architectures other than amd64 for which indexes have an image of v1, by name. */
export async function listArchitectures(
  db: Db,
  manifestIds: readonly number[],
): Promise<{ manifest_id: number; architectures: string[] }[]> {
  return query(
    db,
    `select manifest_id, array_agg(architecture order by architecture) as architectures from platform_images
     where manifest_id = any ($1::bigint[]) group by manifest_id`,
    [manifestIds],
  );
}
