import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { queryShared } from '../../platform/db/shared-query';
import { chainSql } from '../repositories/chain-sql';
import { joinPlatformSql, PLATFORM_IMAGE } from '../repositories/platform-sql';
import type { Engine } from './engine';
import { servedTagsSql } from './served-tags-sql';

export interface TagRow {
  name: string;
  image_id: string;
  engine: Engine;
  updated_at: Date;
}

const FIND_TAG = {
  name: 'tags.find',
  text: `select name, image_id, engine, updated_at from tags
    where repository_id = $1 and name = $2 and image_id is not null`,
};

/** A tag that v1 clients see. */
export async function findTag(db: Db, repositoryId: number, name: string): Promise<TagRow | undefined> {
  return (await queryShared<TagRow>(db, FIND_TAG, [repositoryId, name]))[0];
}

const FIND_TAG_OF_PLATFORM = {
  name: 'tags.find_of_platform',
  text: `select t.name, ${PLATFORM_IMAGE} as image_id, t.engine, t.updated_at from tags t ${joinPlatformSql('$3')}
    where t.repository_id = $1 and t.name = $2 and ${PLATFORM_IMAGE} is not null`,
};

/** A tag that engines of an architecture other than amd64 see. */
export async function findTagOfPlatform(
  db: Db,
  repositoryId: number,
  name: string,
  architecture: string,
): Promise<TagRow | undefined> {
  return (await queryShared<TagRow>(db, FIND_TAG_OF_PLATFORM, [repositoryId, name, architecture]))[0];
}

/** What a tag points to: an image of v1, a manifest, or a manifest and the image that v1 clients get for it. */
export interface TagTarget {
  readonly imageId: string | undefined;
  readonly manifest: { readonly id: number; readonly digest: string } | undefined;
}

/** Of either protocol; undefined when there is no such tag. */
export async function findTarget(db: Db, repositoryId: number, name: string): Promise<TagTarget | undefined> {
  const rows = await query<PointerRow & { manifest_id: number | null }>(
    db,
    `select t.image_id, t.manifest_id, m.digest from tags t left join manifests m on m.id = t.manifest_id
     where t.repository_id = $1 and t.name = $2`,
    [repositoryId, name],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { image_id: imageId, manifest_id: id, digest } = row;
  return { imageId: imageId ?? undefined, manifest: id === null || digest === null ? undefined : { id, digest } };
}

export interface NewTag {
  readonly name: string;
  readonly target: TagTarget;
  readonly engine: Engine;
}

export interface PointerRow {
  image_id: string | null;
  digest: string | null;
}

/** What a tag pointed to before it was set. */
export interface FormerRow extends PointerRow {
  /** it was set to an image that is derived from its manifest, for whichever architecture: it keeps both */
  is_own_image: boolean;
}

/** @returns undefined when there is no such tag */
export async function moveTag(db: Db, repositoryId: number, tag: NewTag): Promise<FormerRow | undefined> {
  const { name, target, engine } = tag;
  const rows = await query<FormerRow>(
    db,
    `with before as (
       select t.image_id, t.manifest_id, m.digest, $4::bigint is null and t.manifest_id is not null and (
           coalesce(t.image_id = $3, false) or exists (
             select from platform_images p join repository_images i on i.id = p.link_id
             where p.manifest_id = t.manifest_id and i.image_id = $3)
         ) as is_own_image
       from tags t left join manifests m on m.id = t.manifest_id
       where t.repository_id = $1 and t.name = $2 for update of t
     )
     update tags t set
       image_id = case when is_own_image then before.image_id
         when before.manifest_id = $4 then coalesce($3, before.image_id) else $3 end,
       manifest_id = case when is_own_image then before.manifest_id else $4 end, engine = $5, updated_at = now()
     from before
     where t.repository_id = $1 and t.name = $2 returning before.image_id, before.digest, before.is_own_image`,
    [repositoryId, name, target.imageId ?? null, target.manifest?.id ?? null, JSON.stringify(engine)],
  );
  return rows[0];
}

/** @returns false when there is such a tag */
export async function insertTag(db: Db, repositoryId: number, { name, target, engine }: NewTag): Promise<boolean> {
  const rows = await query(
    db,
    `insert into tags (repository_id, name, image_id, manifest_id, engine) values ($1, $2, $3, $4, $5)
     on conflict (repository_id, name) do nothing returning name`,
    [repositoryId, name, target.imageId ?? null, target.manifest?.id ?? null, JSON.stringify(engine)],
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

/** A tag that was deleted, and what it pointed to. */
export interface DeletedRow extends PointerRow {
  name: string;
}

/** @returns those of the tags that there were */
export async function deleteTags(db: Db, repositoryId: number, names: readonly string[]): Promise<DeletedRow[]> {
  return query<DeletedRow>(
    db,
    `delete from tags t where t.repository_id = $1 and t.name = any($2::text[])
     returning t.name, t.image_id, (select m.digest from manifests m where m.id = t.manifest_id) as digest`,
    [repositoryId, names],
  );
}

/** The tags for which clients of v2 get a manifest, by name. */
export async function listTagsOfManifest(db: Db, manifestId: number): Promise<string[]> {
  const text = `${servedTagsSql('$1')} order by name`;
  return (await query<{ name: string }>(db, text, [manifestId])).map(({ name }) => name);
}

/** The number of a manifest that a tag may point to; undefined when the repository does not have it. */
export async function findManifestId(db: Db, repositoryId: number, digest: string): Promise<number | undefined> {
  const text = 'select id from manifests where repository_id = $1 and digest = $2';
  return (await query<{ id: number }>(db, text, [repositoryId, digest]))[0]?.id;
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
