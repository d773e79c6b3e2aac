import type { Db } from '../../platform/db/db';
import { query, queryPrepared, type PreparedStatement } from '../../platform/db/query';
import type { Identity, RepositoryName } from '../access/actor';
import { callerJoins, findable, HAS_ROLE } from '../access/policy-sql';
import { isShownSql } from '../access/repository-states';
import { DISPLAY_NAME, RANK } from './orders';

export interface HitRow {
  namespace: string;
  name: string;
  description: string;
  star_count: number;
  is_automated: boolean;
}

interface PageRow {
  /** the account that was given may act */
  is_account: boolean;
  hits: HitRow[];
}

export interface FirstRow extends PageRow {
  /** the number of hits, up to the page's end, among the repositories that were read */
  found: number;
}

export interface AllRow extends PageRow {
  total: number;
}

/** The caller; undefined: anonymous. */
export type Account = Identity | undefined;

/** The search: repositories that match each of the patterns. */
export interface Wanted {
  readonly patterns: readonly string[];
  /** the repository that comes first, because the term is its name; undefined: the term cannot be a name */
  readonly exact: RepositoryName | undefined;
  readonly limit: number;
  readonly offset: number;
}

/**
 * How many repositories `searchFirst` reads. That takes a millisecond. If they have less than a page of hits, the words
 * are rare enough for the trigram index, or the page is far behind.
 */
export const LOOKED_AT = 1000;

/** The same for a page beyond the hundredth hit, because the first thousand repositories rarely have that many hits. */
const LOOKED_AT_FOR_MANY = 5 * LOOKED_AT;

const MANY = 100;

/** The parts of a statement that decide what the caller may find. */
export interface CallerSql {
  /** a table `account` of one row at most */
  readonly account: string;
  /** a condition for repositories `r` that they may find */
  readonly findable: string;
  /** part of the statement's name */
  readonly name: string;
}

/**
 * The account is read in the same query, so that one that has ended in the meantime sees only what an anonymous client
 * sees.
 */
const SOMEBODY: CallerSql = {
  account: `account as (
    select u.id, a.id as token_id from (select) asked ${callerJoins('$1', '$3')}
    where u.is_active and ($3::bigint is not null or u.credentials_epoch = $2)
  )`,
  findable: findable(`(select ${HAS_ROLE} from namespaces n left join account on true
    left join users u on u.id = account.id left join access_tokens a on a.id = account.token_id
    where n.name = r.namespace)`),
  name: 'somebody',
};

/** For most searches: without the joins, whose planning would take longer than the search. */
const NOBODY: CallerSql = {
  account: `account as (
    select $1::bigint as id, $3::bigint as token_id where $2::integer is null and false
  )`,
  findable: findable('false'),
  name: 'nobody',
};

/** The parts of a statement for this caller. */
export function callerSqlOf(account: Account): CallerSql {
  return account === undefined ? NOBODY : SOMEBODY;
}

/** Only repositories that have been pushed to. */
export const FOUND = isShownSql('v1Search');

const EXACT = 'r.namespace = $4 and r.name = $5';
const HIT_COLUMNS = 'r.namespace, r.name, r.description, r.star_count, r.is_automated';

/**
 * A condition for each word: `like all ($1)` would say the same, but Postgres uses no index for it.
 *
 * @param first - the number of the first pattern's placeholder
 */
export function likeEach(words: number, first: number): string {
  return Array.from({ length: words }, (_, index) => `and r.search_text like $${index + first}`).join(' ');
}

/**
 * Reads the first repositories in the order of the results, one by one, until the page is full. Access is checked only
 * for hits, because these are few.
 */
export function firstStatement(words: number, caller: CallerSql = SOMEBODY, lookedAt = LOOKED_AT): PreparedStatement {
  const hit = `${likeEach(words, FIRST_PATTERN)} and ${caller.findable}`;
  return {
    name: `search.first_${words}_${caller.name}_${lookedAt}`,
    text: `with ${caller.account}, found as (
      select r.* from (
        select true as is_exact, r.*, ${DISPLAY_NAME} as display from repositories r
        where ${FOUND} and ${EXACT}
      ) r where true ${hit}
      union all
      (select r.* from (
        select false as is_exact, r.*, ${DISPLAY_NAME} as display from repositories r
        where ${FOUND} order by ${RANK} limit ${lookedAt}
      ) r where not (${EXACT}) ${hit} order by r.star_count desc, r.display limit $6::bigint + $7::bigint)
    ), page as (
      select ${HIT_COLUMNS} from found r order by r.is_exact desc, r.star_count desc, r.display limit $6 offset $7
    )
    select exists (select 1 from account) as is_account, (select count(*) from found) as found,
      coalesce((select json_agg(page) from page), '[]') as hits`,
  };
}

/** The parameters `$1` to `$3` of `CallerSql`. */
export function valuesOf(account: Account): (number | null)[] {
  return [account?.userId ?? null, account?.credentialsEpoch ?? null, account?.accessTokenId ?? null];
}

const FIRST_PATTERN = 8;

/**
 * The parameters of the statements for a page: the caller, the exact name, the page, and from `FIRST_PATTERN` on the
 * patterns.
 */
function pageValues(account: Account, { patterns, exact, limit, offset }: Wanted): (string | number | null)[] {
  return [...valuesOf(account), exact?.namespace ?? '', exact?.name ?? '', limit, offset, ...patterns];
}

/** The page, if the first repositories fill it. */
export async function searchFirst(db: Db, account: Account, wanted: Wanted): Promise<FirstRow> {
  const lookedAt = wanted.limit + wanted.offset > MANY ? LOOKED_AT_FOR_MANY : LOOKED_AT;
  const statement = firstStatement(wanted.patterns.length, callerSqlOf(account), lookedAt);
  const rows = await queryPrepared<FirstRow>(db, statement, pageValues(account, wanted));
  return rows[0] ?? { is_account: false, found: 0, hits: [] };
}

/**
 * All hits, as `from … where …`.
 *
 * @param first - the number of the first pattern's placeholder
 */
export function hitsSql(words: number, first: number, caller: CallerSql): string {
  return `from repositories r
      where ${FOUND} and ${caller.findable} ${likeEach(words, first)}`;
}

/** Finds all hits, then sorts and counts them. */
export function allSql(words: number, caller: CallerSql = SOMEBODY): string {
  return `with ${caller.account}, hits as materialized (
      select r.id, ${EXACT} as is_exact, r.star_count, ${DISPLAY_NAME} as display ${hitsSql(words, FIRST_PATTERN, caller)}
    ), ranked as (
      select id, row_number() over () as place from (
        select id from hits order by is_exact desc, star_count desc, display limit $6 offset $7
      ) in_order
    ), page as (
      select ${HIT_COLUMNS} from ranked join repositories r using (id) order by ranked.place
    )
    select exists (select 1 from account) as is_account, (select count(*) from hits) as total,
      coalesce((select json_agg(page) from page), '[]') as hits`;
}

/** Not prepared: one plan for all words is bad for some of them, because a trigram needs three letters. */
export async function searchAll(db: Db, account: Account, wanted: Wanted): Promise<AllRow> {
  const sql = allSql(wanted.patterns.length, callerSqlOf(account));
  const rows = await query<AllRow>(db, sql, pageValues(account, wanted));
  return rows[0] ?? { is_account: false, total: 0, hits: [] };
}

/** The number of repositories that the account may find and that match each of the patterns. */
export async function countHits(db: Db, account: Account, patterns: readonly string[]): Promise<number> {
  const caller = callerSqlOf(account);
  const text = `with ${caller.account} select count(*) as total ${hitsSql(patterns.length, 4, caller)}`;
  return (await query<{ total: number }>(db, text, [...valuesOf(account), ...patterns]))[0]?.total ?? 0;
}
