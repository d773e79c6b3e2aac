import { displayName } from '../../../../features/repositories/names';
import { listShownTags } from '../../../../features/manifests/shown-tags';
import { Field, Select } from '../../components/forms';
import { CopyLine, Empty } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { plural } from '../../components/quantities';
import { RepositoryFrame } from '../../components/repository-frame';
import { page } from '../../reply';
import { repositoryPath } from '../../repository-path';
import { pullName } from './addresses';
import { repositoryPage } from './repository-page';
import { TagTable } from './tag-table';

const SORTS = [
  { value: 'updated', label: 'Newest first' },
  { value: 'name', label: 'By name' },
];

/** The tags of a repository. */
export const getTags = repositoryPage<'anyone'>(async (ctx, { caller, query }, repository) => {
  const asked = pageAsked(query);
  const text = query.get('name')?.trim() ?? '';
  const sort = query.get('sort') === 'name' ? 'name' : 'updated';
  const { limit, offset } = asked;
  const found = await listShownTags(ctx, repository, {
    limit,
    offset,
    sort,
    text: text === '' ? undefined : text,
  });
  const path = repositoryPath(repository, 'tags/');
  const { total, tags } = found;
  return page(
    caller,
    { title: `Tags of ${displayName(repository)}` },
    <RepositoryFrame visitor={caller} repository={repository} current="tags/">
      <h2 class="unseen">Tags</h2>
      {(repository.tagCount > 1 || text !== '') && (
        <form class="filters" action={path}>
          <Field type="search" label="Part of the name" name="name" value={text} maxlength={128} />
          <Select label="Order" name="sort" value={sort} options={SORTS} />
          <button type="submit" class="quiet">
            Show
          </button>
        </form>
      )}
      {tags.length > 0 && (
        <>
          <p class="fine">
            {text === '' ? plural(total, 'tag') : `${plural(total, 'tag')} with “${text}” in the name`}
          </p>
          <TagTable repository={repository} tags={tags} />
        </>
      )}
      {tags.length === 0 && text !== '' && (
        <Empty title={`No tag names contain “${text}”`}>
          <p>
            <a href={path}>Show all tags</a>
          </p>
        </Empty>
      )}
      {tags.length === 0 && text === '' && (
        <Empty title={total === 0 ? 'No tags yet' : 'Page not found'}>
          {total > 0 && <a href={path}>Back to the first page</a>}
          {total === 0 && !repository.canWrite && <p>Nothing has been pushed to this repository yet.</p>}
          {total === 0 && repository.canWrite && (
            <CopyLine text={`docker push ${pullName(caller, repository)}`} label="Command to push" />
          )}
        </Empty>
      )}
      <Paging
        asked={asked}
        total={total}
        path={path}
        query={{ name: text, sort: sort === 'name' ? sort : undefined }}
      />
    </RepositoryFrame>,
  );
});
