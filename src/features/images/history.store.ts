import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { chainSql } from '../repositories/chain-sql';

export interface HistoryRow {
  image_id: string;
  content_id: number;
  depth: number;
  layer_size_bytes: number;
  layer_digest: string;
  /** null: its pusher sent none, or the image is derived from a manifest */
  payload_checksum: string | null;
  /** of the whole chain */
  total_size_bytes: number;
}

/** Which image of a repository: by its id, or by a tag. */
export type Which = { readonly imageId: string } | { readonly tag: string };

const BY_ID = '$2';
const BY_TAG = '(select t.image_id from tags t where t.repository_id = $1 and t.name = $2)';

/** The image and its ancestors up to the first one that is not complete, the image first. */
export async function listChain(db: Db, repositoryId: number, which: Which): Promise<HistoryRow[]> {
  const [image, value] = 'tag' in which ? [BY_TAG, which.tag] : [BY_ID, which.imageId];
  return query<HistoryRow>(
    db,
    `${chainSql(`i.repository_id = $1 and i.image_id = ${image}`, '$1')}
     select chain.image_id, chain.content_id, chain.depth, c.layer_size_bytes, c.layer_digest, c.payload_checksum,
       (sum(c.layer_size_bytes) over ())::bigint as total_size_bytes
     from chain join image_contents c on c.id = chain.content_id order by chain.depth desc`,
    [repositoryId, value],
  );
}

/** The jsons that are not longer than `bytes`, in any order. */
export async function listJsons(
  db: Db,
  contentIds: readonly number[],
  bytes: number,
): Promise<{ id: number; json: Buffer }[]> {
  return query<{ id: number; json: Buffer }>(
    db,
    'select id, json from image_contents where id = any($1::bigint[]) and octet_length(json) <= $2',
    [contentIds, bytes],
  );
}
