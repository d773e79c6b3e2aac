import { searchCards } from '../../../../features/search/explore';
import type { WebHandler } from '../../access';
import { plural } from '../../components/quantities';
import { Problem } from '../../components/forms';
import { Empty, Heading, Tabs } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { RepositoryList } from '../../components/repository-list';
import { page } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { NoSuchPage } from './no-such-page';

const PATH = '/search';

/** The field in the header accepts no more. */
const LONGEST_TERM = 200;

const SORTS = [
  ['best', 'Best match'],
  ['stars', 'Most starred'],
  ['pulls', 'Most pulled'],
  ['updated', 'Recently updated'],
] as const;

type Sort = (typeof SORTS)[number][0];

function pathOf(term: string, sort: Sort): string {
  const query = new URLSearchParams({ ...(term === '' ? {} : { q: term }), ...(sort === 'best' ? {} : { sort }) });
  return query.size === 0 ? PATH : `${PATH}?${query.toString()}`;
}

function NothingFound({ visitor, term }: { readonly visitor: Visitor; readonly term: string }): View {
  if (term === '') {
    return (
      <Empty title="There are no repositories to search yet">
        <p>
          <a href="/start/">Push the first repository</a>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title={`No results for “${term}”`}>
      <p>Try a shorter word or part of the name. The search covers names and short descriptions.</p>
      <p>
        <a href="/explore/">Explore all public repositories</a>
        {visitor.login === undefined && (
          <>
            {' or '}
            <a href={`/account/login/?next=${encodeURIComponent(visitor.url)}`}>sign in</a> to find your private
            repositories as well.
          </>
        )}
      </p>
    </Empty>
  );
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
  const [sort] = SORTS.find(([name]) => name === query.get('sort')) ?? SORTS[0];
  const wanted = { term, sort, page: asked.page, pageSize: asked.limit };
  const { total, repositories } = await searchCards(ctx, { actor: caller.actor, signal }, wanted);
  return page(
    caller,
    { title: term === '' ? 'Search' : `${term} · Search`, section: 'explore', search: term },
    <>
      <Heading
        title={term === '' ? 'All repositories' : `Search for “${term}”`}
        subtitle={total === 0 ? undefined : plural(total, 'repository', 'repositories')}
      />
      {total > 0 && (
        <Tabs
          label="Order"
          items={SORTS.map(([name, text]) => ({ href: pathOf(term, name), text }))}
          current={pathOf(term, sort)}
        />
      )}
      {total === 0 && <NothingFound visitor={caller} term={term} />}
      {repositories.length > 0 && <RepositoryList repositories={repositories} label="Search results" />}
      {total > 0 && repositories.length === 0 && <NoSuchPage first={pathOf(term, sort)} />}
      <Paging asked={asked} total={total} path={PATH} query={{ q: term, sort: sort === 'best' ? undefined : sort }} />
    </>,
  );
};
