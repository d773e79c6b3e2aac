import type { Db } from '../../platform/db/db';
import { query, type Range } from '../../platform/db/query';
import type { RepositoryName } from '../access/actor';
import { IS_OFFICIAL, ORDERS, WITH_TOTALS, type Sort } from './orders';
import { callerSqlOf, FOUND, hitsSql, likeEach, LOOKED_AT, valuesOf, type Account } from './search.store';

interface NamesRow {
  /** the account that was given may act */
  is_account: boolean;
  /** the names on the page, in its order */
  names: RepositoryName[];
}

export interface SortedRow extends NamesRow {
  total: number;
}

export interface FirstSortedRow extends NamesRow {
  /** the number of hits, up to the page's end, among the repositories that were read */
  found: number;
}

/** The search: repositories that match each of the patterns, official ones first. */
export interface SortedWanted extends Range {
  readonly patterns: readonly string[];
  readonly sort: Sort;
}

const NAMES = `coalesce(
  (select json_agg(json_build_object('namespace', namespace, 'name', name) order by part, place) from page), '[]'
) as names`;

/** Pages that end beyond this hit are not looked for among the first repositories. */
export const LAST_LOOKED_FOR = 1000;

/** How many repositories are read: more for later pages, as long as that takes less time than reading all of them. */
function lookedAt({ limit, offset }: Range): number {
  return Math.min(5 * LOOKED_AT, Math.max(LOOKED_AT, 10 * (limit + offset)));
}

/** The page, if official ones and the first repositories fill it, in the way of `searchFirst`. */
export async function searchFirstSorted(db: Db, account: Account, wanted: SortedWanted): Promise<FirstSortedRow> {
  const caller = callerSqlOf(account);
  const { by, from, walk } = ORDERS[wanted.sort];
  const hit = `${caller.findable} ${likeEach(wanted.patterns.length, 6)}`;
  const text = `with ${caller.account}, found as (
      (select 0 as part, row_number() over (order by ${by}) as place, r.namespace, r.name from ${WITH_TOTALS}
        where ${FOUND} and ${IS_OFFICIAL} and ${hit} order by place limit $4::bigint + $5::bigint)
      union all
      (select 1, r.place, r.namespace, r.name from (
        select r.*, row_number() over () as place from (
          select r.* from ${from} where ${FOUND} order by ${walk} limit ${lookedAt(wanted)}
        ) r
      ) r where not ${IS_OFFICIAL} and ${hit} order by r.place limit $4::bigint + $5::bigint)
    ), page as (select * from found order by part, place limit $4 offset $5)
    select exists (select 1 from account) as is_account, (select count(*) from found) as found, ${NAMES}`;
  const values = [...valuesOf(account), wanted.limit, wanted.offset, ...wanted.patterns];
  return (await query<FirstSortedRow>(db, text, values))[0] ?? { is_account: false, found: 0, names: [] };
}

/** Finds all hits, then sorts and counts them; another query reads the details for the page. */
export async function searchSorted(db: Db, account: Account, wanted: SortedWanted): Promise<SortedRow> {
  const caller = callerSqlOf(account);
  const text = `with ${caller.account}, hits as materialized (
      select r.id, r.namespace, r.name, r.star_count, r.created_at, r.updated_at ${hitsSql(wanted.patterns.length, 6, caller)}
    ), page as (
      select 0 as part, row_number() over () as place, namespace, name from (
        select r.namespace, r.name from hits r left join repository_totals p on p.repository_id = r.id
        order by ${IS_OFFICIAL} desc, ${ORDERS[wanted.sort].by} limit $4 offset $5
      ) r
    )
    select exists (select 1 from account) as is_account, (select count(*) from hits) as total, ${NAMES}`;
  const values = [...valuesOf(account), wanted.limit, wanted.offset, ...wanted.patterns];
  return (await query<SortedRow>(db, text, values))[0] ?? { is_account: false, total: 0, names: [] };
}
