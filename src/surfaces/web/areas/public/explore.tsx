import { explore } from '../../../../features/search/explore';
import type { WebHandler } from '../../access';
import { plural } from '../../components/quantities';
import { Empty, Heading, Tabs } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { RepositoryList } from '../../components/repository-list';
import { page } from '../../reply';
import { NoSuchPage } from './no-such-page';

const PATH = '/explore/';

const SORTS = [
  ['pulls', 'Most pulled'],
  ['stars', 'Most starred'],
  ['newest', 'Newest'],
] as const;

const PREVIEW = { title: 'Explore', description: 'The public repositories of this hub.', path: PATH };

type Sort = (typeof SORTS)[number][0];

/** The path of the list in this order. */
function pathOf(sort: Sort): string {
  return sort === 'pulls' ? PATH : `${PATH}?sort=${sort}`;
}

/** All public repositories, official ones first. */
export const getExplore: WebHandler<'anyone'> = async (ctx, { caller, query }) => {
  const asked = pageAsked(query);
  const [sort] = SORTS.find(([name]) => name === query.get('sort')) ?? SORTS[0];
  const { total, repositories } = await explore(ctx, { sort, limit: asked.limit, offset: asked.offset });
  const subtitle =
    total === 0 ? undefined : `${plural(total, 'public repository', 'public repositories')}, official first`;
  return page(
    caller,
    { title: 'Explore', section: 'explore', preview: PREVIEW },
    <>
      <Heading title="Explore" subtitle={subtitle} />
      <Tabs label="Order" items={SORTS.map(([name, text]) => ({ href: pathOf(name), text }))} current={pathOf(sort)} />
      {repositories.length > 0 && (
        <RepositoryList repositories={repositories} label="Public repositories" showsOwners />
      )}
      {total === 0 && (
        <Empty title="No public repositories yet">
          <p>
            <a href="/start/">Push the first one</a>: it appears here once the push has finished.
          </p>
        </Empty>
      )}
      {total > 0 && repositories.length === 0 && <NoSuchPage first={pathOf(sort)} />}
      <Paging asked={asked} total={total} path={PATH} query={{ sort: sort === 'pulls' ? undefined : sort }} />
    </>,
  );
};
