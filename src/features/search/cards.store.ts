import type { Db } from '../../platform/db/db';
import { query, queryPage, type Page, type Range } from '../../platform/db/query';
import type { Identity, RepositoryName } from '../accounts/actor';
import type { Visibility } from '../accounts/policy';
import { callerJoins, HAS_ROLE, LISTABLE } from '../accounts/policy-sql';
import { LIBRARY } from '../repositories/names';
import type { RepositoryState } from '../repositories/scope-row';

export interface CardRow {
  namespace: string;
  name: string;
  description: string;
  visibility: Visibility;
  state: RepositoryState;
  is_automated: boolean;
  star_count: number;
  pull_count: number;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = `r.namespace, r.name, r.description, r.visibility, r.state, r.is_automated, r.star_count,
  coalesce(p.pulls, 0) as pull_count, r.created_at, r.updated_at`;

/** The number of pulls comes with the rows of the page: where nothing is sorted by it, Postgres asks for no others. */
const WITH_TOTALS = 'repositories r left join repository_totals p on p.repository_id = r.id';

/** Those of a namespace that the caller may find in a list, changed last first. */
export async function listOfNamespace(
  db: Db,
  identity: Identity | undefined,
  wanted: { namespace: string; pattern: string | undefined },
  range: Range,
): Promise<Page<CardRow>> {
  return queryPage<CardRow>(
    db,
    `select ${COLUMNS} from ${WITH_TOTALS} join namespaces n on n.name = r.namespace ${callerJoins('$2', '$3')}
     where r.namespace = $1 and r.state <> 'deleting' and ${LISTABLE} and ($4::text is null or r.name like $4)
     order by r.updated_at desc, r.name`,
    [wanted.namespace, identity?.userId ?? null, identity?.accessTokenId ?? null, wanted.pattern ?? null],
    range,
  );
}

/** Those that the caller collaborates on, changed last first. */
export async function listShared(db: Db, identity: Identity, range: Range): Promise<Page<CardRow>> {
  return queryPage<CardRow>(
    db,
    `select ${COLUMNS} from collaborators s join ${WITH_TOTALS} on r.id = s.repository_id
       join namespaces n on n.name = r.namespace ${callerJoins('$1', '$2')}
     where s.user_id = $1::bigint and r.state <> 'deleting' and ${HAS_ROLE}
     order by r.updated_at desc, r.namespace, r.name`,
    [identity.userId, identity.accessTokenId ?? null],
    range,
  );
}

/** By what a list of repositories is sorted, official ones before all others. */
export const SORTS = {
  pulls: 'coalesce(p.pulls, 0) desc, r.star_count desc, r.namespace, r.name',
  stars: 'r.star_count desc, r.namespace, r.name',
  newest: 'r.created_at desc, r.namespace, r.name',
  updated: 'r.updated_at desc, r.namespace, r.name',
} as const;

export type Sort = keyof typeof SORTS;

export const OFFICIAL_FIRST = `r.namespace = '${LIBRARY}' desc`;

/** Public ones that something was pushed to. */
const SHOWN = `r.visibility = 'public' and r.state = 'active'`;

export async function listPublic(db: Db, sort: Sort, { limit, offset }: Range): Promise<CardRow[]> {
  const order = `order by ${OFFICIAL_FIRST}, ${SORTS[sort]}`;
  // Sorted by anything else, only the page needs its numbers of pulls.
  const text =
    sort === 'pulls'
      ? `select ${COLUMNS} from ${WITH_TOTALS} where ${SHOWN} ${order} limit $1 offset $2`
      : `select ${COLUMNS} from (select r.* from repositories r where ${SHOWN} ${order} limit $1 offset $2) r
         left join repository_totals p on p.repository_id = r.id ${order}`;
  return query<CardRow>(db, text, [limit, offset]);
}

/** The most pulled ones of the library. */
export async function listOfficial(db: Db, limit: number): Promise<CardRow[]> {
  const text = `select ${COLUMNS} from ${WITH_TOTALS} where ${SHOWN} and r.namespace = '${LIBRARY}'
     order by ${SORTS.pulls} limit $1`;
  return query<CardRow>(db, text, [limit]);
}

/**
 * The most pulled ones outside the library.
 *
 * @param among - how many of the most pulled of all kinds are looked at; undefined: everything, which takes long
 */
export async function listPopular(db: Db, limit: number, among?: number): Promise<CardRow[]> {
  const first = '(select repository_id, pulls from repository_totals order by pulls desc limit $2) p';
  const from = among === undefined ? WITH_TOTALS : `${first} join repositories r on r.id = p.repository_id`;
  const text = `select ${COLUMNS} from ${from} where ${SHOWN} and r.namespace <> '${LIBRARY}'
     order by ${SORTS.pulls} limit $1`;
  return query<CardRow>(db, text, among === undefined ? [limit] : [limit, among]);
}

export async function countPublic(db: Db): Promise<number> {
  const rows = await query<{ count: number }>(db, `select count(*) as count from repositories r where ${SHOWN}`);
  return rows[0]?.count ?? 0;
}

/** These, in this order; those that are gone are left out. */
export async function listByName(db: Db, names: readonly RepositoryName[]): Promise<CardRow[]> {
  return query<CardRow>(
    db,
    `select ${COLUMNS} from unnest($1::text[], $2::text[]) with ordinality as wanted (namespace, name, place)
       join repositories r on r.namespace = wanted.namespace and r.name = wanted.name
       left join repository_totals p on p.repository_id = r.id
     where r.state <> 'deleting' order by wanted.place`,
    [names.map(({ namespace }) => namespace), names.map(({ name }) => name)],
  );
}
