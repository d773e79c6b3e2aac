import type { Context } from '../../../../context';
import { searchAccounts } from '../../../../features/search/accounts';
import { searchCards } from '../../../../features/search/explore';
import type { Searcher } from '../../../../features/search/search';
import type { WebHandler } from '../../access';
import { Choices } from '../../components/choices';
import { Problem } from '../../components/forms';
import { Heading } from '../../components/page-parts';
import { pageAsked, Paging, type PageAsked } from '../../components/paging';
import { RepositoryList } from '../../components/repository-list';
import { page } from '../../reply';
import type { View } from '../../view';
import { NoSuchPage } from './no-such-page';
import {
  AccountList,
  NothingFound,
  searchPath,
  typePath,
  TYPES,
  TypeTabs,
  type SearchType,
  type Totals,
} from './search-parts';

/** The field in the header accepts no more. */
const LONGEST_TERM = 200;

const SORTS = [
  ['best', 'Best match'],
  ['stars', 'Most starred'],
  ['pulls', 'Most pulled'],
  ['updated', 'Recently updated'],
] as const;

type Sort = (typeof SORTS)[number][0];

function sortPath(term: string, sort: Sort): string {
  return searchPath({ q: term, sort: sort === 'best' ? '' : sort });
}

function Orders({ term, sort }: { readonly term: string; readonly sort: Sort }): View {
  const items = SORTS.map(([name, text]) => ({ href: sortPath(term, name), text }));
  return <Choices label="Order" items={items} current={sortPath(term, sort)} />;
}

interface Wanted {
  readonly term: string;
  readonly type: SearchType;
  readonly sort: Sort;
  readonly asked: PageAsked;
}

interface Results {
  readonly totals: Totals;
  readonly count: number;
  readonly list: View;
}

const NO_ACCOUNTS = { users: undefined, organizations: undefined };

/** The results of the wanted type, and the numbers of the others. */
async function resultsOf(ctx: Context, searcher: Searcher, { term, type, sort, asked }: Wanted): Promise<Results> {
  const first = { term, page: 1 };
  const here = { term, page: asked.page, pageSize: asked.limit };
  if (type === 'repositories') {
    const { total, repositories } = await searchCards(ctx, searcher, { ...here, sort });
    const { users, organizations } = await searchAccounts(ctx, searcher, { ...first, pageSize: 0 });
    const list = <RepositoryList repositories={repositories} label="Search results" showsOwners />;
    return {
      totals: { repositories: total, ...(term === '' ? NO_ACCOUNTS : { users, organizations }) },
      count: repositories.length,
      list,
    };
  }
  const kind = type === 'users' ? 'user' : 'organization';
  const { users, organizations, accounts } = await searchAccounts(ctx, searcher, { ...here, kind });
  const { total } = await searchCards(ctx, searcher, { ...first, pageSize: 1, sort: 'best' });
  const list = <AccountList accounts={accounts} label="Search results" />;
  return {
    totals: { repositories: total, ...(term === '' ? NO_ACCOUNTS : { users, organizations }) },
    count: accounts.length,
    list,
  };
}

/** The results for the term in the header's field; without a term, all repositories. */
export const getSearch: WebHandler<'anyone'> = async (ctx, { caller, query, signal }) => {
  const term = (query.get('q') ?? '').trim();
  if (term.length > LONGEST_TERM) {
    const text = `Search terms can have at most ${LONGEST_TERM} characters.`;
    const search = term.slice(0, LONGEST_TERM);
    const content = (
      <>
        <Heading title="Search" />
        <Problem fault={{ text }} />
      </>
    );
    return page(caller, { title: 'Search', section: 'explore', search, status: 400 }, content);
  }
  const asked = pageAsked(query);
  const type = TYPES.find((name) => name === query.get('type')) ?? 'repositories';
  const [sort] = SORTS.find(([name]) => name === query.get('sort')) ?? SORTS[0];
  const { totals, count, list } = await resultsOf(ctx, { actor: caller.actor, signal }, { term, type, sort, asked });
  const total = totals[type] ?? 0;
  const parameters = {
    q: term,
    type: type === 'repositories' ? undefined : type,
    sort: sort === 'best' ? undefined : sort,
  };
  return page(
    caller,
    { title: term === '' ? 'Search' : `${term} · Search`, section: 'explore', search: term },
    <>
      <Heading title={term === '' ? 'Search' : `Search for “${term}”`} />
      <TypeTabs term={term} type={type} totals={totals} />
      {type === 'repositories' && total > 0 && <Orders term={term} sort={sort} />}
      {total === 0 && <NothingFound visitor={caller} term={term} type={type} />}
      {count > 0 && list}
      {total > 0 && count === 0 && <NoSuchPage first={typePath(term, type)} />}
      <Paging asked={asked} total={total} path="/search" query={parameters} />
    </>,
  );
};
