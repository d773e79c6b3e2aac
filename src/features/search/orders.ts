import { LIBRARY } from '../repositories/names';

/** By what a list of repositories is sorted. */
export type Sort = 'pulls' | 'stars' | 'newest' | 'updated';

/** An order, in SQL. */
interface Order {
  /** sorts repositories `r` whose totals `p`, if there are any, were joined */
  readonly by: string;
  /** what to walk along: all repositories, or all that have totals */
  readonly from: string;
  /** sorts those, word for word as an index does: Postgres reads the first few and is done */
  readonly walk: string;
}

/** The number of pulls comes with the rows of the page: where nothing is sorted by it, Postgres asks for no others. */
export const WITH_TOTALS = 'repositories r left join repository_totals p on p.repository_id = r.id';

/** What protocol 2.13 calls a repository. */
export const DISPLAY_NAME = `(case r.namespace when '${LIBRARY}' then r.name else r.namespace || '/' || r.name end collate "C")`;

/** What `repositories_rank` sorts by: word for word, or Postgres does not use it. */
export const RANK = `r.star_count desc, ${DISPLAY_NAME}`;

function ofRepositories(by: string): Order {
  return { by, from: 'repositories r', walk: by };
}

/** Each ends with what no two repositories have in common, so that pages neither repeat nor miss one. */
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

/** Official ones are few and come first: they are sorted by themselves, the others are walked along. */
export const IS_OFFICIAL = `r.namespace = '${LIBRARY}'`;
