import type { Db } from '../../platform/db/db';
import { query, queryPage, type Page, type Range } from '../../platform/db/query';
import type { Engine } from './engine';

/** A tag of either kind: it has an image, a manifest or both. */
export interface AnyTagRow {
  name: string;
  image_id: string | null;
  manifest_id: number | null;
  engine: Engine;
  updated_at: Date;
  /** the account that set it last, by its name at that time */
  actor_name: string | null;
}

const TAG_COLUMNS = `name, image_id, manifest_id, engine, updated_at, (
  select e.actor_name from tag_events e where e.repository_id = tags.repository_id and e.tag = tags.name
  order by e.id desc limit 1
) as actor_name`;

/** The criteria by which a list of tags can be sorted. */
export type TagSort = 'updated' | 'name';

const ORDERS: Readonly<Record<TagSort, string>> = {
  updated: 'updated_at desc, name',
  name: 'natural_key(name) collate "C", name',
};

/** @param wanted.pattern - a pattern for the name, in any case; undefined: any */
export async function listTagRows(
  db: Db,
  repositoryId: number,
  wanted: { pattern: string | undefined; sort: TagSort },
  range: Range,
): Promise<Page<AnyTagRow>> {
  return queryPage<AnyTagRow>(
    db,
    `select ${TAG_COLUMNS} from tags
     where repository_id = $1 and ($2::text is null or name ilike $2) order by ${ORDERS[wanted.sort]}`,
    [repositoryId, wanted.pattern ?? null],
    range,
  );
}

export async function findTagRow(db: Db, repositoryId: number, name: string): Promise<AnyTagRow | undefined> {
  const text = `select ${TAG_COLUMNS} from tags where repository_id = $1 and name = $2`;
  return (await query<AnyTagRow>(db, text, [repositoryId, name]))[0];
}

export interface LinkRow {
  image_id: string;
  parent_id: string | null;
  depth: number;
  layer_size_bytes: number;
  layer_problem: string | null;
}

const LINK_COLUMNS = 'i.image_id, c.parent_id, i.depth, c.layer_size_bytes, c.layer_digest';

/**
 * Images and all their ancestors in a repository, each once: chains that share a base are read as a tree. For one chain
 * see `chain-sql.ts`.
 */
export async function listLinks(db: Db, repositoryId: number, imageIds: readonly string[]): Promise<LinkRow[]> {
  return query<LinkRow>(
    db,
    `with recursive links as (
       select ${LINK_COLUMNS} from repository_images i join image_contents c on c.id = i.content_id
       where i.repository_id = $1 and i.image_id = any($2::text[])
       union
       select ${LINK_COLUMNS} from links l
         join repository_images i on i.repository_id = $1 and i.image_id = l.parent_id and i.depth = l.depth - 1
         join image_contents c on c.id = i.content_id
     ) select l.*, b.layer_problem from links l left join blobs b on b.digest = l.layer_digest order by l.depth`,
    [repositoryId, imageIds],
  );
}

export async function findPatterns(db: Db, repositoryId: number): Promise<readonly string[]> {
  const text = 'select immutable_tags from repositories where id = $1';
  return (await query<{ immutable_tags: string[] }>(db, text, [repositoryId]))[0]?.immutable_tags ?? [];
}
