import type { Db } from '../../platform/db/db';
import { query, type Range } from '../../platform/db/query';
import type { RepositoryName } from '../accounts/actor';
import { OFFICIAL_FIRST, SORTS, type Sort } from './cards.store';
import { callerSqlOf, hitsSql, valuesOf, type Account } from './search.store';

export interface SortedRow {
  /** the account that was given may act */
  is_account: boolean;
  total: number;
  /** of the page, in its order */
  names: RepositoryName[];
}

/** Finds all hits, then sorts and counts them; which numbers the page shows is for another query to say. */
export async function searchSorted(
  db: Db,
  account: Account,
  wanted: { readonly patterns: readonly string[]; readonly sort: Sort },
  { limit, offset }: Range,
): Promise<SortedRow> {
  const caller = callerSqlOf(account);
  const text = `with ${caller.account}, hits as materialized (
      select r.id, r.namespace, r.name, r.star_count, r.created_at, r.updated_at ${hitsSql(wanted.patterns.length, 6, caller)}
    ), page as (
      select r.namespace, r.name, row_number() over () as place from (
        select r.namespace, r.name from hits r left join repository_totals p on p.repository_id = r.id
        order by ${OFFICIAL_FIRST}, ${SORTS[wanted.sort]} limit $4 offset $5
      ) r
    )
    select exists (select 1 from account) as is_account, (select count(*) from hits) as total, coalesce(
      (select json_agg(json_build_object('namespace', namespace, 'name', name) order by place) from page), '[]') as names`;
  const values = [...valuesOf(account), limit, offset, ...wanted.patterns];
  return (await query<SortedRow>(db, text, values))[0] ?? { is_account: false, total: 0, names: [] };
}
