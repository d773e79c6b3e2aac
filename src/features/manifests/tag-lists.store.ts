import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { JOIN_VIEW_OF_TAG } from './rules-sql';

/** @param page.limit - undefined: all */
export async function listTagNames(
  db: Db,
  repositoryId: number,
  page: { after: string; limit: number | undefined },
): Promise<string[]> {
  const rows = await query<{ name: string }>(
    db,
    `select t.name from tags t ${JOIN_VIEW_OF_TAG}
     where t.repository_id = $1 and t.name > $2 and v.problem is null
     order by t.name limit $3`,
    [repositoryId, page.after, page.limit ?? null],
  );
  return rows.map(({ name }) => name);
}
