import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** @returns undefined when there is no such repository */
export async function lockPatterns(tx: Db, repositoryId: number): Promise<readonly string[] | undefined> {
  const rows = await query<{ immutable_tags: string[] }>(
    tx,
    'select immutable_tags from repositories where id = $1 for share',
    [repositoryId],
  );
  return rows[0]?.immutable_tags;
}

/** Waits for transactions that hold the old patterns by `lockPatterns`. */
export async function updatePatterns(
  tx: Db,
  repositoryId: number,
  patterns: readonly string[],
): Promise<'changed' | 'unchanged' | 'missing'> {
  const before = await query<{ immutable_tags: string[] }>(
    tx,
    `select immutable_tags from repositories where id = $1 and state <> 'deleting' for no key update`,
    [repositoryId],
  );
  if (before[0] === undefined) return 'missing';
  const rows = await query(
    tx,
    `update repositories set immutable_tags = $2::text[], updated_at = now()
     where id = $1 and immutable_tags is distinct from $2::text[] returning id`,
    [repositoryId, patterns],
  );
  return rows.length > 0 ? 'changed' : 'unchanged';
}

/** The names of all tags, sorted. */
export async function listTagNames(db: Db, repositoryId: number): Promise<string[]> {
  const text = 'select name from tags where repository_id = $1 order by name';
  return (await query<{ name: string }>(db, text, [repositoryId])).map(({ name }) => name);
}
