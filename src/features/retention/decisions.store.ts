import type { Db } from '../../platform/db/db';
import { query, type Range } from '../../platform/db/query';
import type { KeptBecause } from './rules';

/** What the decision about each tag depends on; patterns are those of `like`. */
export interface Deciding {
  readonly repositoryId: number;
  readonly hasRules: boolean;
  readonly keepLast: number | undefined;
  readonly keepDays: number | undefined;
  readonly keepTags: readonly string[];
  readonly onlyTags: readonly string[];
  readonly immutableTags: readonly string[];
}

export interface DecidedRow {
  name: string;
  updated_at: Date;
  /** null: the tag is deleted */
  kept_because: KeptBecause | null;
}

/** The reasons in the order of `rules.ts`. Tags that stay for the first four do not count as the last that were pushed. */
const DECIDED = `
  with guarded as (
    select name, updated_at, case
        when name = 'latest' then 'latest'
        when name like any($3::text[]) then 'immutable'
        when $4::text[] <> '{}' and not name like any($4::text[]) then 'not_considered'
        when name like any($5::text[]) then 'pattern'
      end as guard
    from tags where repository_id = $1
  ), ranked as (
    select *, row_number() over (partition by guard is null order by updated_at desc, name) as position from guarded
  )
  select name, updated_at, case
      when guard is not null then guard
      when position <= $6::int then 'last'
      when updated_at > now() - $7::int * interval '1 day' then 'recent'
      when updated_at > now() - interval '1 hour' then 'just_pushed'
      when not $2::boolean then 'no_rules'
    end as kept_because
  from ranked`;

function valuesOf(deciding: Deciding): unknown[] {
  const { repositoryId, hasRules, immutableTags, onlyTags, keepTags, keepLast, keepDays } = deciding;
  return [repositoryId, hasRules, immutableTags, onlyTags, keepTags, keepLast ?? null, keepDays ?? null];
}

/** Which of the tags to list. */
export type Fate = 'deleted' | 'kept';

/**
 * The decision about each tag: first those that are deleted, and then the last that were pushed.
 *
 * @param fate - undefined: all tags
 */
export async function listDecisions(
  db: Db,
  deciding: Deciding,
  fate: Fate | undefined,
  { limit, offset }: Range,
): Promise<DecidedRow[]> {
  const text = `select * from (${DECIDED}) decided where $8::boolean is null or (kept_because is null) = $8
    order by kept_because is not null, updated_at desc, name limit $9 offset $10`;
  const isDeleted = fate === undefined ? null : fate === 'deleted';
  return query<DecidedRow>(db, text, [...valuesOf(deciding), isDeleted, limit, offset]);
}

export interface CountRow {
  deleted: number;
  kept: number;
}

/** How many tags are deleted, and how many stay. */
export async function countDecisions(db: Db, deciding: Deciding): Promise<CountRow> {
  const text = `select count(*) filter (where kept_because is null) as deleted, count(kept_because) as kept
    from (${DECIDED}) decided`;
  return (await query<CountRow>(db, text, valuesOf(deciding)))[0] ?? { deleted: 0, kept: 0 };
}

/** The names of the oldest tags that no rule keeps. */
export async function listDoomed(db: Db, deciding: Deciding, limit: number): Promise<string[]> {
  const text = `select name from (${DECIDED}) decided where kept_because is null order by updated_at, name limit $8`;
  return (await query<{ name: string }>(db, text, [...valuesOf(deciding), limit])).map(({ name }) => name);
}

export interface RepositoryRow {
  namespace: string;
  name: string;
  immutable_tags: string[];
}

/** The current name of a repository, and its immutable tags; undefined when it is gone. */
export async function findRepository(db: Db, repositoryId: number): Promise<RepositoryRow | undefined> {
  const text = 'select namespace, name, immutable_tags from repositories where id = $1';
  return (await query<RepositoryRow>(db, text, [repositoryId]))[0];
}
