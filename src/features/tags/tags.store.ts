import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';
import { chainSql } from '../repositories/chain-sql';
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

export interface NewTag {
  readonly name: string;
  readonly imageId: string;
  readonly engine: Engine;
}

/** @returns the image that had the tag before; undefined when there is no such tag */
export async function moveTag(db: Db, repositoryId: number, tag: NewTag): Promise<string | undefined> {
  const rows = await query<{ image_id: string }>(
    db,
    `with before as (select image_id from tags where repository_id = $1 and name = $2 for update)
     update tags t set image_id = $3, engine = $4, updated_at = now() from before
     where t.repository_id = $1 and t.name = $2 returning before.image_id`,
    [repositoryId, tag.name, tag.imageId, JSON.stringify(tag.engine)],
  );
  return rows[0]?.image_id;
}

/** @returns false when there is such a tag */
export async function insertTag(db: Db, repositoryId: number, tag: NewTag): Promise<boolean> {
  const rows = await query(
    db,
    `insert into tags (repository_id, name, image_id, engine) values ($1, $2, $3, $4)
     on conflict (repository_id, name) do nothing returning name`,
    [repositoryId, tag.name, tag.imageId, JSON.stringify(tag.engine)],
  );
  return rows.length > 0;
}

/** The number of tags, counted up to `limit`. */
export async function countTags(db: Db, repositoryId: number, limit: number): Promise<number> {
  const rows = await query<{ count: number }>(
    db,
    'select count(*) as count from (select 1 from tags where repository_id = $1 limit $2) counted',
    [repositoryId, limit],
  );
  return rows[0]?.count ?? 0;
}

/** @returns the image that had the tag; undefined when there is no such tag */
export async function deleteTag(db: Db, repositoryId: number, name: string): Promise<string | undefined> {
  const rows = await query<{ image_id: string }>(
    db,
    'delete from tags where repository_id = $1 and name = $2 returning image_id',
    [repositoryId, name],
  );
  return rows[0]?.image_id;
}

export interface ChainRow {
  /** the id of the link, not of the image */
  id: number;
  image_id: string;
  depth: number;
}

/** The image and its ancestors in the repository, up to the first one that is not complete; the image first. */
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
