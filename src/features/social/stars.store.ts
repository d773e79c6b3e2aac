import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** @returns false when the user has starred the repository already */
export async function insertStar(tx: Db, repositoryId: number, userId: number): Promise<boolean> {
  const rows = await query(
    tx,
    'insert into stars (repository_id, user_id) values ($1, $2) on conflict do nothing returning id',
    [repositoryId, userId],
  );
  return rows.length > 0;
}

/** @returns false when there was no star */
export async function deleteStar(tx: Db, repositoryId: number, userId: number): Promise<boolean> {
  const text = 'delete from stars where repository_id = $1 and user_id = $2 returning id';
  return (await query(tx, text, [repositoryId, userId])).length > 0;
}

export async function countStars(db: Db, repositoryId: number): Promise<number> {
  const text = 'select star_count from repositories where id = $1';
  return (await query<{ star_count: number }>(db, text, [repositoryId]))[0]?.star_count ?? 0;
}

/** @param before - the id of a star; undefined: the latest */
export async function listStargazers(
  db: Db,
  repositoryId: number,
  before: number | undefined,
  limit: number,
): Promise<{ id: number; username: string; starred_at: Date }[]> {
  return query<{ id: number; username: string; starred_at: Date }>(
    db,
    `select s.id, u.username, s.starred_at from stars s join users u on u.id = s.user_id
     where s.repository_id = $1 and ($2::bigint is null or s.id < $2) order by s.id desc limit $3`,
    [repositoryId, before ?? null, limit],
  );
}

export interface StarredRow {
  id: number;
  namespace: string;
  name: string;
  description: string;
  star_count: number;
  starred_at: Date;
}

/** @param before - the id of a star; undefined: the latest */
export async function listStarred(
  db: Db,
  userId: number,
  before: number | undefined,
  limit: number,
): Promise<StarredRow[]> {
  return query<StarredRow>(
    db,
    `select s.id, r.namespace, r.name, r.description, r.star_count, s.starred_at
     from stars s join repositories r on r.id = s.repository_id
     where s.user_id = $1 and ($2::bigint is null or s.id < $2) order by s.id desc limit $3`,
    [userId, before ?? null, limit],
  );
}
