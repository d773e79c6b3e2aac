import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Visibility } from '../access/policy';

export interface DetailsRow {
  visibility: Visibility;
  description: string;
  full_description: string;
  is_automated: boolean;
  star_count: number;
  tag_count: number;
  comment_count: number;
  immutable_tags: string[];
  created_at: Date;
  updated_at: Date;
  is_starred: boolean;
}

/** @param userId - the user whose star is checked */
export async function findDetails(
  db: Db,
  repositoryId: number,
  userId: number | undefined,
): Promise<DetailsRow | undefined> {
  const rows = await query<DetailsRow>(
    db,
    `select r.visibility, r.description, r.full_description, r.is_automated, r.star_count, r.immutable_tags, r.created_at, r.updated_at,
       (select count(*) from tags t where t.repository_id = r.id) as tag_count,
       (select count(*) from comments c where c.repository_id = r.id) as comment_count,
       exists (select from stars s where s.repository_id = r.id and s.user_id = $2) as is_starred
     from repositories r where r.id = $1`,
    [repositoryId, userId ?? null],
  );
  return rows[0];
}

/** @returns whether anything changed */
export async function updateDescriptions(
  tx: Db,
  repositoryId: number,
  changes: { description?: string | undefined; fullDescription?: string | undefined },
): Promise<boolean> {
  const rows = await query(
    tx,
    `update repositories set description = coalesce($2, description),
       full_description = coalesce($3, full_description), updated_at = now()
     where id = $1 and (description, full_description)
       is distinct from (coalesce($2, description), coalesce($3, full_description))
     returning id`,
    [repositoryId, changes.description ?? null, changes.fullDescription ?? null],
  );
  return rows.length > 0;
}
