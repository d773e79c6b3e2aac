import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';
import type { Numbers } from '../manifests/garbage';
import { isAliveSql } from '../pushes/living-pushes-sql';
import type { GcRepository } from './gc-options';

/** The largest number of a repository; 0: there is none. */
export async function lastRepository(db: Db): Promise<number> {
  const rows = await query<{ id: number }>(db, 'select coalesce(max(id), 0) as id from repositories');
  return rows[0]?.id ?? 0;
}

/**
 * Repositories that may have images to free: those with an image that no push announced lately, that no tag points to, and
 * that is not the parent of another. Where an image is garbage, so are its children, and the last of these is such an image.
 * All parents are read at once: to look for the children of each image would take five times as long.
 */
export async function listCandidates(db: Db, olderThanMs: number, { after, through }: Numbers): Promise<number[]> {
  const within = (alias: string): string => `${alias}.repository_id > $2 and ${alias}.repository_id <= $3`;
  const rows = await query<{ id: number }>(
    db,
    `with parents as materialized (
       select child.repository_id, c.parent_id from repository_images child join image_contents c on c.id = child.content_id
       where ${within('child')} and c.parent_id is not null
     )
     select distinct i.repository_id as id from repository_images i
     where i.announced_at < ${agoSql('$1')} and ${within('i')}
       and not exists (select from tags t
         where t.repository_id = i.repository_id and t.image_id = i.image_id and ${within('t')})
       and not exists (select from parents p where p.repository_id = i.repository_id and p.parent_id = i.image_id)`,
    [olderThanMs, after, through],
  );
  return rows.map(({ id }) => id);
}

/** The names of repositories that still exist. */
export async function listNames(db: Db, ids: readonly number[]): Promise<GcRepository[]> {
  return query(
    db,
    'select id, namespace, name from repositories where id = any ($1::bigint[]) order by namespace, name',
    [ids],
  );
}

/**
 * Whether an image `i` of the repository `$1` is needed by itself: a tag points to it or to an index that lists it, it was
 * announced within `$2` ms, or a living push announced or uploaded it, or it is being uploaded or the parent of such a one.
 */
const IS_ROOT = `(i.announced_at >= ${agoSql('$2')}
  or exists (select from tags t where t.repository_id = $1 and t.image_id = i.image_id)
  or exists (select from platform_images p join tags t on t.manifest_id = p.manifest_id
    where p.link_id = i.id and t.repository_id = $1)
  or i.image_id in (select unnest(p.image_ids) from pushes p where p.repository_id = $1 and ${isAliveSql('p')})
  or i.image_id in (select unnest(array[image_id, parent_id]) from uploads where repository_id = $1))`;

/** The images of the repository, each with its parent and whether it is needed by itself. */
const GIVEN = `select i.id, i.image_id, c.parent_id, i.depth, ${IS_ROOT} as is_root
  from repository_images i left join image_contents c on c.id = i.content_id where i.repository_id = $1`;

/**
 * The images of a repository that are not needed, nor an ancestor of one that is, by the numbers of their links. Children
 * come before their parents.
 */
export async function listUnreachable(db: Db, repositoryId: number, olderThanMs: number): Promise<number[]> {
  const rows = await query<{ id: number }>(
    db,
    `with recursive given as materialized (${GIVEN}), kept as (
       select id, parent_id from given where is_root
       union
       select g.id, g.parent_id from kept join given g on g.image_id = kept.parent_id
     )
     select g.id from given g where not exists (select from kept where kept.id = g.id)
     order by g.depth desc nulls first, g.id`,
    [repositoryId, olderThanMs],
  );
  return rows.map(({ id }) => id);
}

/**
 * Deletes those of the images that are still not needed, and neither are their children. An image stays if a child of it
 * is not among them. Locks rows in the same order as pushes, and compares the age of a row again once it is locked.
 */
export async function deleteUnreachable(
  tx: Db,
  repositoryId: number,
  olderThanMs: number,
  links: readonly number[],
): Promise<{ image_id: string; content_id: number | null }[]> {
  return query(
    tx,
    `with recursive given as materialized (${GIVEN} and i.id = any ($3::bigint[])), parents as materialized (
       select c.parent_id from repository_images i join image_contents c on c.id = i.content_id
       where i.repository_id = $1 and i.id <> all ($3::bigint[])
         and c.parent_id = any (array(select image_id from given))
     ), kept as (
       select g.id, g.parent_id from given g where g.is_root or g.image_id in (select parent_id from parents)
       union
       select g.id, g.parent_id from kept join given g on g.image_id = kept.parent_id
     ), doomed as (
       select i.id from repository_images i
       where i.id in (select id from given) and i.announced_at < ${agoSql('$2')}
         and not exists (select from kept where kept.id = i.id)
       order by i.image_id for update
     )
     delete from repository_images i using doomed where i.id = doomed.id
     returning i.image_id, i.content_id`,
    [repositoryId, olderThanMs, links],
  );
}

/** Deletes the given contents that no repository has. */
export async function deleteUnlinkedContents(db: Db, contentIds: readonly number[]): Promise<string[]> {
  const rows = await query<{ layer_digest: string }>(
    db,
    `delete from image_contents c where c.id = any ($1::bigint[])
       and not exists (select 1 from repository_images i where i.content_id = c.id)
     returning c.layer_digest`,
    [contentIds],
  );
  return rows.map((row) => row.layer_digest);
}

/** Contents that no repository has: the deletion of repositories leaves them. */
export async function listUnlinkedContents(db: Db, limit: number): Promise<number[]> {
  const rows = await query<{ id: number }>(
    db,
    `select c.id from image_contents c
     where not exists (select 1 from repository_images i where i.content_id = c.id) limit $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}

export async function deleteStaleUploads(db: Db, olderThanMs: number): Promise<number> {
  return (await query(db, `delete from uploads where updated_at < ${agoSql('$1')} returning id`, [olderThanMs])).length;
}
