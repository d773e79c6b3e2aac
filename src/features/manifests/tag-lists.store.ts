import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** @param page.limit - undefined: all */
export async function listTagNames(
  db: Db,
  repositoryId: number,
  page: { after: string; limit: number | undefined },
): Promise<string[]> {
  const rows = await query<{ name: string }>(
    db,
    `select name from tags where repository_id = $1 and manifest_id is not null and name > $2
     order by name limit $3`,
    [repositoryId, page.after, page.limit ?? null],
  );
  return rows.map(({ name }) => name);
}
