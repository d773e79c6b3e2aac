import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';
import type { Numbers } from '../manifests/garbage';
import { isAliveSql } from '../pushes/living-pushes-sql';

/** The largest number of a repository; 0: there is none. */
export async function lastRepository(db: Db): Promise<number> {
  const rows = await query<{ id: number }>(db, 'select coalesce(max(id), 0) as id from repositories');
  return rows[0]?.id ?? 0;
}

/**
 * Repositories that may have images to free: those with an image that no push announced lately, that no tag points to, and
 * that is not the parent of another. Where an image is garbage, so are its children, and the last of these is such an image.
 */
export async function listCandidates(db: Db, olderThanMs: number, { after, through }: Numbers): Promise<number[]> {
  const within = (alias: string): string => `${alias}.repository_id > $2 and ${alias}.repository_id <= $3`;
  const rows = await query<{ id: number }>(
    db,
    `select distinct i.repository_id as id from repository_images i
     where i.announced_at < ${agoSql('$1')} and ${within('i')}
       and not exists (select from tags t
         where t.repository_id = i.repository_id and t.image_id = i.image_id and ${within('t')})
       and not exists (select from repository_images child join image_contents c on c.id = child.content_id
         where child.repository_id = i.repository_id and c.parent_id = i.image_id and ${within('child')})`,
    [olderThanMs, after, through],
  );
  return rows.map(({ id }) => id);
}

/** The names of repositories that still exist. */
export async function listNames(
  db: Db,
  ids: readonly number[],
): Promise<{ id: number; namespace: string; name: string }[]> {
  return query(
    db,
    'select id, namespace, name from repositories where id = any ($1::bigint[]) order by namespace, name',
    [ids],
  );
}

/**
 * Removes the images of a repository that no tag reaches. Some images stay, with their ancestors: those that a living
 * push announced or uploaded, those that were announced lately, those that are being uploaded, and the parents of
 * these. Locks rows in the same order as pushes.
 */
export async function deleteUnreachable(
  db: Db,
  repositoryId: number,
  olderThanMs: number,
): Promise<{ image_id: string; content_id: number | null }[]> {
  return query(
    db,
    `with recursive root as (
       select image_id from tags where repository_id = $1
       union select i.image_id from tags t join platform_images p on p.manifest_id = t.manifest_id
         join repository_images i on i.id = p.link_id where t.repository_id = $1
       union select image_id from repository_images where repository_id = $1 and announced_at >= ${agoSql('$2')}
       union select unnest(p.image_ids) from pushes p where p.repository_id = $1 and ${isAliveSql('p')}
       union select unnest(array[image_id, parent_id]) from uploads where repository_id = $1
     ), kept as (
       select i.id, c.parent_id from root
         join repository_images i on i.repository_id = $1 and i.image_id = root.image_id
         left join image_contents c on c.id = i.content_id
       union
       select i.id, c.parent_id from kept
         join repository_images i on i.repository_id = $1 and i.image_id = kept.parent_id
         left join image_contents c on c.id = i.content_id
     ), doomed as (
       select i.id from repository_images i
       where i.repository_id = $1 and i.announced_at < ${agoSql('$2')} and i.id not in (select id from kept)
       order by i.image_id for update
     )
     delete from repository_images i using doomed where i.id = doomed.id
     returning i.image_id, i.content_id`,
    [repositoryId, olderThanMs],
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
