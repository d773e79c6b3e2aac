import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Identity } from '../access/actor';
import type { Visibility } from '../access/policy';
import { callerJoins, HAS_ROLE, LISTABLE } from '../access/policy-sql';
import { isShownSql, type RepositoryState } from '../access/repository-states';

export interface ListedRow {
  namespace: string;
  name: string;
  state: RepositoryState;
  visibility: Visibility;
  is_automated: boolean;
  description: string;
  star_count: number;
  created_at: Date;
  updated_at: Date;
  tag_count: number;
}

const COLUMNS = `r.namespace, r.name, r.state, r.visibility, r.is_automated, r.description,
  r.star_count, r.created_at, r.updated_at, (select count(*) from tags t where t.repository_id = r.id) as tag_count`;

export async function namespaceExists(db: Db, name: string): Promise<boolean> {
  return (await query(db, 'select 1 from namespaces where name = $1', [name])).length > 0;
}

interface Wanted {
  /** the caller */
  readonly identity: Identity | undefined;
  readonly namespace: string;
  /** a pattern for the name; undefined: any */
  readonly pattern: string | undefined;
}

const LISTABLE_IN = `repositories r join namespaces n on n.name = r.namespace ${callerJoins('$2', '$3')}
  where r.namespace = $1 and ${isShownSql('apiList', HAS_ROLE)} and ${LISTABLE}
    and ($4::text is null or r.name like $4)`;

function valuesOf({ identity, namespace, pattern }: Wanted): unknown[] {
  return [namespace, identity?.userId ?? null, identity?.accessTokenId ?? null, pattern ?? null];
}

/** The repositories that the caller may find in a list, by name. */
export async function listListable(db: Db, wanted: Wanted, limit: number, offset: number): Promise<ListedRow[]> {
  const text = `select ${COLUMNS} from ${LISTABLE_IN} order by r.name limit $5 offset $6`;
  return query<ListedRow>(db, text, [...valuesOf(wanted), limit, offset]);
}

export async function countListable(db: Db, wanted: Wanted): Promise<number> {
  const rows = await query<{ count: number }>(db, `select count(*) as count from ${LISTABLE_IN}`, valuesOf(wanted));
  return rows[0]?.count ?? 0;
}
