import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';
import { chainSql } from './chain-sql';
import type { Engine } from './engine';

export interface TagRow {
  name: string;
  image_id: string;
  engine: Engine;
  updated_at: Date;
}

const FIND_TAG = {
  name: 'tags.find',
  text: 'select name, image_id, engine, updated_at from tags where repository_id = $1 and name = $2',
};

export async function findTag(db: Db, repositoryId: number, name: string): Promise<TagRow | undefined> {
  return (await queryPrepared<TagRow>(db, FIND_TAG, [repositoryId, name]))[0];
}

export async function upsertTag(
  db: Db,
  repositoryId: number,
  tag: { name: string; imageId: string; engine: Engine },
): Promise<void> {
  await query(
    db,
    `insert into tags (repository_id, name, image_id, engine) values ($1, $2, $3, $4)
     on conflict (repository_id, name) do update
       set image_id = excluded.image_id, engine = excluded.engine, updated_at = now()`,
    [repositoryId, tag.name, tag.imageId, JSON.stringify(tag.engine)],
  );
}

export async function deleteTag(db: Db, repositoryId: number, name: string): Promise<boolean> {
  const rows = await query(db, 'delete from tags where repository_id = $1 and name = $2 returning name', [
    repositoryId,
    name,
  ]);
  return rows.length > 0;
}

export interface ChainRow {
  /** of the link, not of the image */
  id: number;
  image_id: string;
  depth: number;
}

/** The image and its ancestors in the repository, as far as they are complete; the image first. */
export async function findChain(db: Db, repositoryId: number, imageId: string): Promise<ChainRow[]> {
  return query<ChainRow>(
    db,
    `${chainSql('i.repository_id = $1 and i.image_id = $2', '$1')}
     select id, image_id, depth from chain order by depth desc`,
    [repositoryId, imageId],
  );
}

/** Whether the image and all its ancestors are complete in the repository. */
export async function isChainComplete(db: Db, repositoryId: number, imageId: string): Promise<boolean> {
  const chain = await findChain(db, repositoryId, imageId);
  return chain.length > 0 && chain.length === chain[0]?.depth;
}
