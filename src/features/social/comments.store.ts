import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface CommentRow {
  id: number;
  author_id: number;
  author: string;
  text: string;
  created_at: Date;
}

const COLUMNS = 'c.id, c.author_id, u.username as author, c.text, c.created_at';

export async function insertComment(
  tx: Db,
  repositoryId: number,
  authorId: number,
  text: string,
): Promise<{ id: number; created_at: Date }> {
  const rows = await query<{ id: number; created_at: Date }>(
    tx,
    'insert into comments (repository_id, author_id, text) values ($1, $2, $3) returning id, created_at',
    [repositoryId, authorId, text],
  );
  if (rows[0] === undefined) throw new Error('the insertion returned no row');
  return rows[0];
}

/** How many comments the user has written in the last hour. */
export async function countLately(db: Db, authorId: number): Promise<number> {
  const rows = await query<{ count: number }>(
    db,
    `select count(*) as count from comments where author_id = $1 and created_at > now() - interval '1 hour'`,
    [authorId],
  );
  return rows[0]?.count ?? 0;
}

/** @param before - the id of a comment; undefined: the latest */
export async function listComments(
  db: Db,
  repositoryId: number,
  before: number | undefined,
  limit: number,
): Promise<CommentRow[]> {
  return query<CommentRow>(
    db,
    `select ${COLUMNS} from comments c join users u on u.id = c.author_id
     where c.repository_id = $1 and ($2::bigint is null or c.id < $2) order by c.id desc limit $3`,
    [repositoryId, before ?? null, limit],
  );
}

/** Keeps others from deleting the comment until the transaction ends. */
export async function lockComment(tx: Db, repositoryId: number, commentId: number): Promise<CommentRow | undefined> {
  const rows = await query<CommentRow>(
    tx,
    `select ${COLUMNS} from comments c join users u on u.id = c.author_id
     where c.repository_id = $1 and c.id = $2 for update of c`,
    [repositoryId, commentId],
  );
  return rows[0];
}

export async function deleteComment(tx: Db, commentId: number): Promise<void> {
  await query(tx, 'delete from comments where id = $1', [commentId]);
}

/** @returns false when the user has flagged it already */
export async function insertFlag(tx: Db, commentId: number, userId: number): Promise<boolean> {
  const rows = await query(
    tx,
    'insert into comment_flags (comment_id, user_id) values ($1, $2) on conflict do nothing returning comment_id',
    [commentId, userId],
  );
  return rows.length > 0;
}

/** @returns how many flags there were */
export async function deleteFlags(tx: Db, commentId: number): Promise<number> {
  return (await query(tx, 'delete from comment_flags where comment_id = $1 returning user_id', [commentId])).length;
}

export interface FlaggedRow extends CommentRow {
  namespace: string;
  name: string;
  flags: number;
}

/**
 * @param repositoryId - undefined: of all repositories
 * @param before - the id of a comment; undefined: the latest
 */
export async function listFlagged(
  db: Db,
  repositoryId: number | undefined,
  before: number | undefined,
  limit: number,
): Promise<FlaggedRow[]> {
  return query<FlaggedRow>(
    db,
    `select ${COLUMNS}, r.namespace, r.name, f.flags
     from (select comment_id, count(*) as flags from comment_flags group by comment_id) f
       join comments c on c.id = f.comment_id join users u on u.id = c.author_id
       join repositories r on r.id = c.repository_id
     where ($1::bigint is null or c.repository_id = $1) and ($2::bigint is null or c.id < $2)
     order by c.id desc limit $3`,
    [repositoryId ?? null, before ?? null, limit],
  );
}
