import { LIBRARY } from '../repositories/names';

/** The criteria by which a list of repositories can be sorted. */
export type Sort = 'pulls' | 'stars' | 'newest' | 'updated';

/** An order, in SQL. */
interface Order {
  /** sorts repositories `r` whose totals `p`, if any, were joined */
  readonly by: string;
  /** the tables to walk along: all repositories, or all that have totals */
  readonly from: string;
  /** sorts these, word for word as an index does, so that Postgres reads only the first few */
  readonly walk: string;
}

/** The number of pulls comes with the rows of the page: if it is not sorted by, Postgres reads no other totals. */
export const WITH_TOTALS = 'repositories r left join repository_totals p on p.repository_id = r.id';

/** The name of a repository in search results (protocol 2.13). */
export const DISPLAY_NAME = `(case r.namespace when '${LIBRARY}' then r.name else r.namespace || '/' || r.name end collate "C")`;

/** The order of the index `repositories_rank`, word for word: otherwise Postgres does not use the index. */
export const RANK = `r.star_count desc, ${DISPLAY_NAME}`;

function ofRepositories(by: string): Order {
  return { by, from: 'repositories r', walk: by };
}

/** Each order ends with a unique column, so that pages neither repeat nor miss a repository. */
export const ORDERS: Readonly<Record<Sort, Order>> = {
  pulls: {
    by: 'p.pulls desc nulls last, r.id',
    from: 'repository_totals p join repositories r on r.id = p.repository_id',
    walk: 'p.pulls desc, p.repository_id',
  },
  stars: ofRepositories(RANK),
  newest: ofRepositories('r.created_at desc, r.id desc'),
  updated: ofRepositories('r.updated_at desc, r.id desc'),
};

/** Official repositories are few and come first: they are sorted separately, and the others are walked along. */
export const IS_OFFICIAL = `r.namespace = '${LIBRARY}'`;
