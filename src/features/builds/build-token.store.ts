import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { RepositoryName } from '../access/actor';
import { readableWithoutAdmin } from '../access/policy-sql';

export interface BackerRow {
  repository_id: number;
  namespace: string;
  name: string;
  /** null: the account that set up the source is gone */
  user_id: number | null;
  credentials_epoch: number | null;
}

/** The repository of a build that is being built, and the account whose rights the build has. */
export async function findBacker(db: Db, buildId: number): Promise<BackerRow | undefined> {
  const text = `select r.id as repository_id, r.namespace, r.name, u.id as user_id, u.credentials_epoch
    from builds b join repositories r on r.id = b.repository_id join build_sources s on s.id = b.source_id
      left join users u on u.id = s.created_by
    where b.id = $1 and b.state = 'building'`;
  return (await query<BackerRow>(db, text, [buildId]))[0];
}

/** Whether an account may pull from a repository, also by its former name, without being a site administrator. */
export async function mayPull(db: Db, userId: number, { namespace, name }: RepositoryName): Promise<boolean> {
  const text = `select 1 from repositories r
    where r.state <> 'deleting' and not r.is_remote and ${readableWithoutAdmin('$1::bigint')}
      and ((r.namespace = $2 and r.name = $3)
        or r.id = (select a.repository_id from repository_aliases a where a.namespace = $2 and a.name = $3))`;
  return (await query(db, text, [userId, namespace, name])).length > 0;
}
