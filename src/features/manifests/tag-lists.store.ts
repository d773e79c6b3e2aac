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
    `select t.name from tags t
       left join repository_images i
         on t.manifest_id is null and i.repository_id = t.repository_id and i.image_id = t.image_id
       left join image_manifests v on v.link_id = i.id
     where t.repository_id = $1 and t.name > $2 and v.problem is null
     order by t.name limit $3`,
    [repositoryId, page.after, page.limit ?? null],
  );
  return rows.map(({ name }) => name);
}
