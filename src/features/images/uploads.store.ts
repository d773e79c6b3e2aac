import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** An attempt to push one image into one repository; see `uploads.ts`. */
export interface UploadRow {
  id: number;
  repository_id: number;
  namespace: string;
  image_id: string;
  parent_id: string | null;
  depth: number;
  json: Buffer;
  json_digest: string;
  layer_digest: string | null;
  layer_size_bytes: number | null;
  payload_checksum: string | null;
  storage_key: string | null;
  is_damaged: boolean;
  pusher: string | null;
}

/** The key of an attempt: there is at most one for each place. */
export interface UploadPlace {
  readonly repositoryId: number;
  readonly imageId: string;
  readonly uploader: string;
}

/**
 * Begins an attempt, or begins it again. A different json discards the layer that belonged to the old one.
 *
 * @param image.isShared - another push may have the same uploader, so this may be the beginning of that push
 * @param pusher.limit - how many attempts the pusher may have open
 * @returns false when the pusher has that many open; an attempt can always be begun again
 */
export async function openUpload(
  db: Db,
  place: UploadPlace,
  image: { parentId: string | undefined; depth: number; json: Buffer; jsonDigest: string; isShared: boolean },
  pusher: { name: string; limit: number },
): Promise<boolean> {
  const rows = await query(
    db,
    `insert into uploads (repository_id, image_id, uploader, parent_id, depth, json, json_digest, pusher)
     select $1::bigint, $2, $3, $4, $5::smallint, $6::bytea, $7, $9::text
     where (select count(*) from (select 1 from uploads where pusher = $9 limit $10) open) < $10
       or exists (select 1 from uploads where repository_id = $1 and image_id = $2 and uploader = $3)
     on conflict (repository_id, image_id, uploader) do update set
       parent_id = excluded.parent_id, depth = excluded.depth, json = excluded.json,
       json_digest = excluded.json_digest, open_pushes = uploads.open_pushes + $8::int, updated_at = now(),
       layer_digest = case when uploads.json_digest = excluded.json_digest then uploads.layer_digest end,
       layer_size_bytes = case when uploads.json_digest = excluded.json_digest then uploads.layer_size_bytes end,
       payload_checksum = case when uploads.json_digest = excluded.json_digest then uploads.payload_checksum end
     returning id`,
    [
      place.repositoryId,
      place.imageId,
      place.uploader,
      image.parentId ?? null,
      image.depth,
      image.json,
      image.jsonDigest,
      image.isShared ? 1 : 0,
      pusher.name,
      pusher.limit,
    ],
  );
  return rows.length > 0;
}

export async function findUpload(db: Db, place: UploadPlace): Promise<UploadRow | undefined> {
  const rows = await query<UploadRow>(
    db,
    `select x.id, x.repository_id, r.namespace, x.image_id, x.parent_id, x.depth, x.json, x.json_digest, x.layer_digest,
       x.layer_size_bytes, x.payload_checksum, b.storage_key,
       b.damaged_at is not null as is_damaged, x.pusher
     from uploads x join repositories r on r.id = x.repository_id left join blobs b on b.digest = x.layer_digest
     where x.repository_id = $1 and x.image_id = $2 and x.uploader = $3`,
    [place.repositoryId, place.imageId, place.uploader],
  );
  return rows[0];
}

/** Records that the push of this attempt is still active. */
export async function touchUpload(db: Db, uploadId: number): Promise<void> {
  await query(db, 'update uploads set updated_at = now() where id = $1', [uploadId]);
}

/** @returns false when the attempt has ended, or was begun again with another json */
export async function recordLayer(
  db: Db,
  upload: { id: number; json_digest: string },
  layer: { digest: string; sizeBytes: number; payloadChecksum: string },
): Promise<boolean> {
  const rows = await query(
    db,
    `update uploads set layer_digest = $3, layer_size_bytes = $4, payload_checksum = $5, updated_at = now()
     where id = $1 and json_digest = $2 returning id`,
    [upload.id, upload.json_digest, layer.digest, layer.sizeBytes, layer.payloadChecksum],
  );
  return rows.length > 0;
}

/**
 * Inserts the content, and locks the row against gc. The update is not of a key column: that lock would also wait for
 * pushes that link the content.
 *
 * @returns the content's id; equal contents are one row
 */
export async function insertContent(db: Db, upload: UploadRow): Promise<number> {
  const rows = await query<{ id: number }>(
    db,
    `insert into image_contents
       (image_id, parent_id, json, json_digest, layer_digest, layer_size_bytes, payload_checksum)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (image_id, json_digest, layer_digest) do update set layer_size_bytes = excluded.layer_size_bytes
     returning id`,
    [
      upload.image_id,
      upload.parent_id,
      upload.json,
      upload.json_digest,
      upload.layer_digest,
      upload.layer_size_bytes,
      upload.payload_checksum,
    ],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error('insert into image_contents returned no row');
  return id;
}

/**
 * Creates the link. It replaces a link to the same json with a damaged layer, because an engine that packs a layer
 * again sends different bytes for the same image.
 *
 * @returns `kept` when the link was complete before: the first content stays
 */
export async function completeLink(
  db: Db,
  upload: UploadRow,
  contentId: number,
): Promise<'created' | 'replaced' | 'kept'> {
  const rows = await query<{ had_content: boolean }>(
    db,
    `with before as (select content_id from repository_images where repository_id = $1 and image_id = $2)
     insert into repository_images (repository_id, image_id, content_id, depth) values ($1, $2, $3, $4)
     on conflict (repository_id, image_id) do update set content_id = excluded.content_id, depth = excluded.depth
       where repository_images.content_id is null or exists (
         select 1 from image_contents c join blobs b on b.digest = c.layer_digest
         where c.id = repository_images.content_id and c.json_digest = $5 and b.damaged_at is not null)
     returning exists (select from before where content_id is not null) as had_content`,
    [upload.repository_id, upload.image_id, contentId, upload.depth, upload.json_digest],
  );
  const [row] = rows;
  if (row === undefined) return 'kept';
  return row.had_content ? 'replaced' : 'created';
}

/** Forgets which manifests clients of v2 get for an image and for those above it. */
export async function deleteViews(
  tx: Db,
  { repository_id: repositoryId, image_id: imageId }: UploadRow,
): Promise<void> {
  await query(
    tx,
    `with recursive above as (
       select id, image_id, depth from repository_images where repository_id = $1 and image_id = $2
       union all
       select i.id, i.image_id, i.depth from above
         join repository_images i on i.repository_id = $1 and i.depth = above.depth + 1
         join image_contents c on c.id = i.content_id and c.parent_id = above.image_id
     )
     delete from image_manifests v using above where v.link_id = above.id`,
    [repositoryId, imageId],
  );
}

export interface LinkedContentRow {
  content_id: number;
  parent_id: string | null;
  json_digest: string;
  payload_checksum: string;
  is_damaged: boolean;
}

export async function findLinkedContent(
  db: Db,
  repositoryId: number,
  imageId: string,
): Promise<LinkedContentRow | undefined> {
  const rows = await query<LinkedContentRow>(
    db,
    `select c.id as content_id, c.parent_id, c.json_digest, c.payload_checksum, b.damaged_at is not null as is_damaged
     from repository_images i join image_contents c on c.id = i.content_id join blobs b on b.digest = c.layer_digest
     where i.repository_id = $1 and i.image_id = $2`,
    [repositoryId, imageId],
  );
  return rows[0];
}

/** Records that one push has finished with the attempt; the last one ends it. */
export async function closeUpload(db: Db, uploadId: number): Promise<void> {
  await query(db, 'update uploads set open_pushes = open_pushes - 1, updated_at = now() where id = $1', [uploadId]);
  await query(db, 'delete from uploads where id = $1 and open_pushes <= 0', [uploadId]);
}

/** The chain length of a parent: complete, or in flight by the same uploader. */
export async function findParentDepth(db: Db, parent: UploadPlace): Promise<number | undefined> {
  const rows = await query<{ depth: number }>(
    db,
    `select depth from repository_images where repository_id = $1 and image_id = $2 and content_id is not null
     union all
     select depth from uploads where repository_id = $1 and image_id = $2 and uploader = $3
     limit 1`,
    [parent.repositoryId, parent.imageId, parent.uploader],
  );
  return rows[0]?.depth;
}
