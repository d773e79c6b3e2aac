import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface NewImage {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly json: Buffer;
  readonly jsonDigest: string;
  readonly layerDigest: string;
  readonly layerSizeBytes: number;
}

/**
 * Links images into a repository, the base first. An id that the repository has already keeps its content.
 *
 * @returns the number of the link of each image, by its id
 */
export async function linkImages(
  tx: Db,
  repositoryId: number,
  images: readonly NewImage[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await query<{ id: number; image_id: string }>(
    tx,
    `with given as (
       select * from unnest($2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::bigint[])
         with ordinality as g (image_id, parent_id, json, json_digest, layer_digest, layer_size_bytes, depth)
     ), content as (
       insert into image_contents (image_id, parent_id, json, json_digest, layer_digest, layer_size_bytes)
       select image_id, parent_id, json, json_digest, layer_digest, layer_size_bytes from given order by image_id
       on conflict (image_id, json_digest, layer_digest) do update set image_id = excluded.image_id
       returning id, image_id
     )
     insert into repository_images (repository_id, image_id, content_id, depth)
     select $1, g.image_id, c.id, g.depth from given g join content c on c.image_id = g.image_id order by g.image_id
     on conflict (repository_id, image_id) do update
       set content_id = coalesce(repository_images.content_id, excluded.content_id),
         depth = coalesce(repository_images.depth, excluded.depth), announced_at = now()
     returning id, image_id`,
    [
      repositoryId,
      images.map(({ id }) => id),
      images.map(({ parentId }) => parentId ?? null),
      images.map(({ json }) => json),
      images.map(({ jsonDigest }) => jsonDigest),
      images.map(({ layerDigest }) => layerDigest),
      images.map(({ layerSizeBytes }) => layerSizeBytes),
    ],
  );
  return new Map(rows.map((row) => [row.image_id, row.id]));
}

/** What is linked under an id; the json only of the image at the top. */
export interface LinkedRow {
  image_id: string;
  parent_id: string | null;
  layer_digest: string;
  json: Buffer | null;
}

/** What has been linked. */
export async function listLinked(tx: Db, linkIds: readonly number[], topId: string): Promise<LinkedRow[]> {
  return query(
    tx,
    `select i.image_id, c.parent_id, c.layer_digest, case when i.image_id = $2 then c.json end as json
     from repository_images i join image_contents c on c.id = i.content_id where i.id = any ($1::bigint[])`,
    [linkIds, topId],
  );
}

/**
 * Records that the images of a manifest are there.
 *
 * @param problem - why v1 clients do not get it; undefined: they do
 */
export async function endDerivation(tx: Db, manifestId: number, problem: string | undefined): Promise<void> {
  await query(
    tx,
    `with known as (delete from pending_images where manifest_id = $1)
     update manifests set v1_problem = $2 where id = $1 and v1_problem is distinct from $2`,
    [manifestId, problem ?? null],
  );
}

/** The image at the top of a chain. */
export interface Top {
  readonly imageId: string;
  readonly linkId: number;
}

/** The image that was pushed over v1 and has this config over v2; undefined: there is none. */
export async function findImageOfConfig(tx: Db, repositoryId: number, configDigest: string): Promise<Top | undefined> {
  const rows = await query<{ image_id: string; id: number }>(
    tx,
    `select i.image_id, i.id from manifests m join image_manifests v on v.manifest_id = m.id and not v.is_derived
       join repository_images i on i.id = v.link_id and i.repository_id = m.repository_id
     where m.repository_id = $1 and m.config_digest = $2 order by i.id limit 1`,
    [repositoryId, configDigest],
  );
  return rows[0] && { imageId: rows[0].image_id, linkId: rows[0].id };
}

/** Records that an image of v1 was derived from a manifest; the first one stays. */
export async function insertDerivedView(tx: Db, linkId: number, manifestId: number): Promise<void> {
  await query(
    tx,
    `insert into image_manifests (link_id, manifest_id, is_derived) values ($1, $2, true)
     on conflict (link_id) do nothing`,
    [linkId, manifestId],
  );
}

/** Gives engines of an architecture an image of an index. */
export async function setPlatformImage(
  tx: Db,
  manifestId: number,
  architecture: string,
  linkId: number,
): Promise<void> {
  await query(
    tx,
    `insert into platform_images (manifest_id, architecture, link_id) values ($1, $2, $3)
     on conflict (manifest_id, architecture) do update set link_id = excluded.link_id`,
    [manifestId, architecture, linkId],
  );
}

/** Gives v1 clients the image of a tag that still points to the manifest. */
export async function setImage(
  tx: Db,
  tag: { repositoryId: number; manifestId: number; imageId: string },
): Promise<void> {
  await query(tx, 'update tags set image_id = $3 where repository_id = $1 and manifest_id = $2 and image_id is null', [
    tag.repositoryId,
    tag.manifestId,
    tag.imageId,
  ]);
}
