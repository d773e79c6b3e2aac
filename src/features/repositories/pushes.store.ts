import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export async function insertPush(
  db: Db,
  repositoryId: number,
  caller: string,
  imageIds: readonly string[],
): Promise<void> {
  await query(db, 'insert into pushes (repository_id, caller, image_ids) values ($1, $2, $3)', [
    repositoryId,
    caller,
    imageIds,
  ]);
}

export interface TakenPush {
  image_ids: string[];
  /** the one that was set last of those that point to these images */
  tag: string | null;
}

/**
 * Takes the caller's pushes of which a tag was set already, or else all; the oldest first. A push that was given up
 * goes with the next one, and one that goes on beside it stays until it has a tag.
 */
export async function takePushes(db: Db, repositoryId: number, caller: string): Promise<TakenPush[]> {
  return query<TakenPush>(
    db,
    `with mine as materialized (
       select p.id, p.image_ids, (
         select t.name from tags t
         where t.repository_id = $1 and t.image_id = any (p.image_ids) and t.updated_at >= p.started_at
         order by t.updated_at desc, t.name limit 1
       ) as tag
       from pushes p where p.repository_id = $1 and p.caller = $2
     ), taken as (
       delete from pushes p using mine m
       where p.id = m.id and (m.tag is not null or not exists (select 1 from mine where tag is not null))
       returning p.id
     )
     select m.image_ids, m.tag from mine m join taken using (id) order by m.id`,
    [repositoryId, caller],
  );
}

export async function deletePushes(db: Db, before: Date): Promise<void> {
  await query(db, 'delete from pushes where started_at < $1', [before]);
}
