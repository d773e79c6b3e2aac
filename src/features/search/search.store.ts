import type { Db } from '../../platform/db/db';
import { queryPrepared, type PreparedStatement } from '../../platform/db/query';
import { LIBRARY } from '../repositories/names';
import { readableSql } from '../repositories/policy';

export interface HitRow {
  namespace: string;
  name: string;
  description: string;
  star_count: number;
  is_automated: boolean;
}

export interface SearchRow {
  /** the account that was given may act */
  is_account: boolean;
  total: number;
  hits: HitRow[];
}

/**
 * One statement for each number of words: `like all ($1)` would say the same, but Postgres uses no index for it. The
 * account comes from the same query, so that one that ended meanwhile sees no more than a stranger.
 *
 * @param words - how many patterns follow the first five values
 */
export function searchStatement(words: number): PreparedStatement {
  const conditions = Array.from({ length: words }, (_, index) => `and r.search_text like $${index + 6}`);
  return {
    name: `search.search_${words}`,
    text: `with account as (
      select u.id, u.is_admin from users u where u.id = $1 and u.credentials_epoch = $2 and u.is_active
    ), hits as materialized (
      select r.id from repositories r join namespaces n on n.name = r.namespace left join account a on true
      where r.state <> 'deleting' and ${readableSql('a.id', 'coalesce(a.is_admin, false)')} ${conditions.join(' ')}
    ), page as (
      select r.namespace, r.name, r.description, r.star_count, r.is_automated from hits join repositories r using (id)
      order by (r.namespace = '${LIBRARY}' and r.name = $3) desc, r.star_count desc,
        case r.namespace when '${LIBRARY}' then r.name else r.namespace || '/' || r.name end collate "C"
      limit $4 offset $5
    )
    select exists (select 1 from account) as is_account, (select count(*) from hits) as total,
      coalesce((select json_agg(page) from page), '[]') as hits`,
  };
}

export async function search(
  db: Db,
  account: { userId: number; credentialsEpoch: number } | undefined,
  wanted: { patterns: readonly string[]; exact: string; limit: number; offset: number },
): Promise<SearchRow> {
  const rows = await queryPrepared<SearchRow>(db, searchStatement(wanted.patterns.length), [
    account?.userId ?? null,
    account?.credentialsEpoch ?? null,
    wanted.exact,
    wanted.limit,
    wanted.offset,
    ...wanted.patterns,
  ]);
  return rows[0] ?? { is_account: false, total: 0, hits: [] };
}
