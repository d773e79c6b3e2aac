import { displayName } from '../../../../features/repositories/names';
import { listShownTags, type ShownTagsWanted } from '../../../../features/manifests/shown-tags';
import { Field, Problem, Select } from '../../components/forms';
import { CopyLine, Empty } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { plural } from '../../components/quantities';
import { RepositoryFrame } from '../../components/repository-frame';
import { attempt } from '../../problems';
import { page } from '../../reply';
import { repositoryPath } from '../../repository-path';
import { pullName } from './addresses';
import { repositoryPage } from './repository-page';
import { TagTable } from './tag-table';

const SORTS: readonly { readonly value: ShownTagsWanted['sort']; readonly label: string }[] = [
  { value: 'updated', label: 'Newest first' },
  { value: 'name', label: 'By name' },
  { value: 'size', label: 'Largest first' },
];

/** The tags of a repository. */
export const getTags = repositoryPage<'anyone'>(async (ctx, { caller, query }, repository) => {
  const asked = pageAsked(query);
  const text = query.get('name')?.trim() ?? '';
  const sort = SORTS.map(({ value }) => value).find((value) => value === query.get('sort')) ?? 'updated';
  const { limit, offset } = asked;
  const wanted = { limit, offset, text: text === '' ? undefined : text };
  const { done, fault } = await attempt(() => listShownTags(ctx, repository, { ...wanted, sort }));
  const { total, tags } = done ?? (await listShownTags(ctx, repository, { ...wanted, sort: 'updated' }));
  const path = repositoryPath(repository, 'tags/');
  return page(
    caller,
    { title: `Tags of ${displayName(repository)}` },
    <RepositoryFrame visitor={caller} repository={repository} current="tags/">
      <h2 class="unseen">Tags</h2>
      {(repository.tagCount > 1 || text !== '') && (
        <form class="filters" action={path}>
          <Field type="search" label="Filter by name" name="name" value={text} maxlength={128} />
          <Select label="Order" name="sort" value={sort} options={SORTS} />
          <button type="submit" class="quiet">
            Filter
          </button>
        </form>
      )}
      <Problem fault={fault} />
      {tags.length > 0 && (
        <>
          <p class="fine">
            {text === '' ? plural(total, 'tag') : `${plural(total, 'tag')} with “${text}” in the name`}
          </p>
          <TagTable visitor={caller} repository={repository} tags={tags} />
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
        query={{ name: text, sort: sort === 'updated' ? undefined : sort }}
      />
    </RepositoryFrame>,
  );
});
