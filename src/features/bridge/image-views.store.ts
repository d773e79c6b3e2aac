import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Compression } from '../../platform/bytes/compression';
import { chainSql } from '../repositories/chain-sql';

export interface ChainLinkRow {
  json: Buffer;
  digest: string;
  storage_key: string;
  size_bytes: number;
  is_damaged: boolean;
  diff_id: string | null;
  compression: Compression | null;
  layer_problem: string | null;
  twin_digest: string | null;
  twin_size_bytes: number | null;
  depth: number;
}

/** An image of v1, and its manifest or why there is none; both null: nobody has asked for it yet. */
export interface TaggedImageRow {
  link_id: number;
  manifest_id: number | null;
  problem: string | null;
  /** of the manifest */
  digest: string | null;
}

const TAGGED = `select i.id as link_id, v.manifest_id, v.problem, m.digest from tags t
    join repository_images i on i.repository_id = t.repository_id and i.image_id = t.image_id
    left join image_manifests v on v.link_id = i.id left join manifests m on m.id = v.manifest_id`;

/** What a tag of v1 points to; undefined when there is no such tag. */
export async function findTagged(db: Db, repositoryId: number, tag: string): Promise<TaggedImageRow | undefined> {
  const rows = await query<TaggedImageRow>(
    db,
    `${TAGGED} where t.repository_id = $1 and t.name = $2 and t.manifest_id is null`,
    [repositoryId, tag],
  );
  return rows[0];
}

/** What a tag of v1 points to with the digest that it has over v2, if it is one of these images. */
export async function findPushed(
  db: Db,
  repositoryId: number,
  tag: string,
  imageIds: readonly string[],
): Promise<TaggedImageRow | undefined> {
  const rows = await query<TaggedImageRow>(
    db,
    `${TAGGED} where t.repository_id = $1 and t.name = $2 and t.manifest_id is null and t.image_id = any ($3::text[])`,
    [repositoryId, tag, imageIds],
  );
  return rows[0];
}

/** The image and its ancestors, as far as they are complete; the base first. */
export async function listChain(db: Db, repositoryId: number, linkId: number): Promise<ChainLinkRow[]> {
  return query<ChainLinkRow>(
    db,
    `${chainSql('i.id = $1', '$2')}
     select c.json, b.digest, b.storage_key, b.size_bytes, b.damaged_at is not null as is_damaged, b.diff_id, b.compression,
       b.layer_problem, b.twin_digest, w.size_bytes as twin_size_bytes, chain.depth
     from chain join repository_images i on i.id = chain.id join image_contents c on c.id = i.content_id
       join blobs b on b.digest = c.layer_digest left join blobs w on w.digest = b.twin_digest
     order by chain.depth`,
    [linkId, repositoryId],
  );
}

/** @param view - the manifest, or why there is none */
export async function insertView(
  tx: Db,
  linkId: number,
  view: { readonly manifestId: number } | { readonly problem: string },
): Promise<void> {
  await query(
    tx,
    `insert into image_manifests (link_id, manifest_id, problem) values ($1, $2, $3)
     on conflict (link_id) do update set manifest_id = excluded.manifest_id, problem = excluded.problem`,
    [linkId, 'manifestId' in view ? view.manifestId : null, 'problem' in view ? view.problem : null],
  );
}
