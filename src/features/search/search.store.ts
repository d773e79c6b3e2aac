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
  /** how many hits there are as far as the page's end, among the repositories that were looked at */
  found: number;
}

export interface AllRow extends PageRow {
  total: number;
}

/** Who asks; undefined: nobody who is known. */
export type Account = Identity | undefined;

/** What is asked for: repositories that are like each of the patterns. */
export interface Wanted {
  readonly patterns: readonly string[];
  /** the repository that comes first, because the term is its name; undefined: the term is nobody's name */
  readonly exact: RepositoryName | undefined;
  readonly limit: number;
  readonly offset: number;
}

/**
 * How many repositories `searchFirst` looks at. That takes a millisecond; who finds less than a page among them has a
 * word that is rare enough for the index of trigrams, or wants a page far behind.
 */
export const LOOKED_AT = 1000;

/** Of a page beyond the hundredth hit: there are not enough hits on it among the first thousand. */
const LOOKED_AT_FOR_MANY = 5 * LOOKED_AT;

const MANY = 100;

/** How a statement finds out what the caller may find. */
export interface CallerSql {
  /** a table `account` of one row at most */
  readonly account: string;
  /** holds for repositories `r` that he may find */
  readonly findable: string;
  /** part of the statement's name */
  readonly name: string;
}

/** The account comes from the same query, so that one that ended meanwhile sees no more than a stranger. */
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

/** Most searches: without the joins, which take longer to plan than the search takes. */
const NOBODY: CallerSql = {
  account: `account as (
    select $1::bigint as id, $3::bigint as token_id where $2::integer is null and false
  )`,
  findable: findable('false'),
  name: 'nobody',
};

/** How to find out what this caller may find. */
export function callerSqlOf(account: Account): CallerSql {
  return account === undefined ? NOBODY : SOMEBODY;
}

/** Only what somebody has pushed to. */
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
 * Looks at the first repositories in the order of the results, one by one, until the page is full. Whether the account
 * may read one is asked after whether it is a hit: there are few of those.
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

/** What `CallerSql` takes as `$1` to `$3`. */
export function valuesOf(account: Account): (number | null)[] {
  return [account?.userId ?? null, account?.credentialsEpoch ?? null, account?.accessTokenId ?? null];
}

const FIRST_PATTERN = 8;

/** What the statements of a page take: the caller, the exact name, the page, and from `FIRST_PATTERN` on the patterns. */
function pageValues(account: Account, { patterns, exact, limit, offset }: Wanted): (string | number | null)[] {
  return [...valuesOf(account), exact?.namespace ?? '', exact?.name ?? '', limit, offset, ...patterns];
}

/** The page, if the first repositories of all fill it. */
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

/** Not prepared: a plan for any words is a bad one for some, for only three letters make a trigram. */
export async function searchAll(db: Db, account: Account, wanted: Wanted): Promise<AllRow> {
  const sql = allSql(wanted.patterns.length, callerSqlOf(account));
  const rows = await query<AllRow>(db, sql, pageValues(account, wanted));
  return rows[0] ?? { is_account: false, total: 0, hits: [] };
}

/** How many repositories there are that the account may read and that are like each of the patterns. */
export async function countHits(db: Db, account: Account, patterns: readonly string[]): Promise<number> {
  const caller = callerSqlOf(account);
  const text = `with ${caller.account} select count(*) as total ${hitsSql(patterns.length, 4, caller)}`;
  return (await query<{ total: number }>(db, text, [...valuesOf(account), ...patterns]))[0]?.total ?? 0;
}
