import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface NodeRow {
  image_id: string;
  parent_id: string | null;
  depth: number;
  layer_size_bytes: number;
  announced_at: Date;
}

/** The complete images of a repository that were added to it last, parents before their children. */
export async function listNewest(db: Db, repositoryId: number, limit: number): Promise<NodeRow[]> {
  return query<NodeRow>(
    db,
    `select i.image_id, c.parent_id, i.depth, c.layer_size_bytes, i.announced_at
     from (
       select id, image_id, content_id, depth, announced_at from repository_images
       where repository_id = $1 and content_id is not null order by id desc limit $2
     ) i join image_contents c on c.id = i.content_id
     order by i.depth, i.id`,
    [repositoryId, limit],
  );
}

export interface ImageTagsRow {
  image_id: string;
  /** the first by name */
  names: string[];
  count: number;
}

/** The tags of images: at most `limit` of each. */
export async function listTagsOf(
  db: Db,
  repositoryId: number,
  imageIds: readonly string[],
  limit: number,
): Promise<ImageTagsRow[]> {
  return query<ImageTagsRow>(
    db,
    `select image_id, (array_agg(name order by name))[1:$3::integer] as names, count(*) as count from tags
     where repository_id = $1 and image_id = any($2::text[]) group by image_id`,
    [repositoryId, imageIds, limit],
  );
}
