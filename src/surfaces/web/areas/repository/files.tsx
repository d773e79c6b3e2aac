import { displayName } from '../../../../features/repositories/names';
import { browseImageFiles, type FilePage } from '../../../../features/images/browse';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { plural } from '../../components/quantities';
import { Field } from '../../components/forms';
import { Empty } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { RepositoryFrame } from '../../components/repository-frame';
import { page } from '../../reply';
import type { View } from '../../view';
import { filesPath, imagePath, shortId } from './addresses';
import { FileTable } from './file-table';
import { repositoryPage } from './repository-page';

const ENTRIES_ON_A_PAGE = 100;

/** The directories from the root of a layer to the present one; all but the last are links. */
function Breadcrumbs({
  repository,
  imageId,
  directory,
}: {
  readonly repository: RepositoryDetails;
  readonly imageId: string;
  readonly directory: string;
}): View {
  const parts = directory.split('/').filter((part) => part !== '');
  return (
    <nav class="crumbs" aria-label="Directory">
      <a href={filesPath(repository, imageId)} {...(parts.length === 0 ? { 'aria-current': 'page' } : {})}>
        {shortId(imageId)}
      </a>
      {parts.map((part, at) => (
        <>
          {' / '}
          {at === parts.length - 1 ? (
            <span aria-current="page">{part}</span>
          ) : (
            <a href={filesPath(repository, imageId, `/${parts.slice(0, at + 1).join('/')}`)}>{part}</a>
          )}
        </>
      ))}
    </nav>
  );
}

function NothingFound({ found, text }: { readonly found: FilePage; readonly text: string }): View {
  if (text !== '') return <Empty title={`No file names here contain “${text}”`} />;
  return (
    <Empty title={found.directory === '/' ? 'This layer has no files' : 'This layer changes nothing in this directory'}>
      <p>A layer contains only changes: everything else is in the layers below it.</p>
    </Empty>
  );
}

/** The entries in one directory of a layer. */
export const getFiles = repositoryPage<'anyone'>(async (ctx, { caller, params, query, signal }, repository) => {
  const imageId = params['imageId'] ?? '';
  const directory = query.get('directory') ?? '/';
  const text = query.get('name')?.trim() ?? '';
  const { limit, offset, ...asked } = pageAsked(query, ENTRIES_ON_A_PAGE);
  const wanted = { directory, limit, offset, text: text === '' ? undefined : text };
  const found = await browseImageFiles(ctx, repository, imageId, wanted, signal);
  const path = `${imagePath(repository, imageId)}files/`;
  const inDirectory = found.directory === '/' ? undefined : found.directory;
  return page(
    caller,
    { title: `Files of ${displayName(repository)} ${shortId(imageId)}` },
    <RepositoryFrame visitor={caller} repository={repository} current="tree/">
      <h2>
        Files of the layer <a href={imagePath(repository, imageId)}>{shortId(imageId)}</a>
      </h2>
      <Breadcrumbs repository={repository} imageId={imageId} directory={found.directory} />
      {(found.total > 10 || text !== '') && (
        <form class="filters" action={path}>
          {inDirectory !== undefined && <input type="hidden" name="directory" value={inDirectory} />}
          <Field type="search" label="Filter by name" name="name" value={text} maxlength={255} />
          <button type="submit" class="quiet">
            Show
          </button>
        </form>
      )}
      {found.isCut && <p class="notice warn">This layer has too many files to list them all: some are missing here.</p>}
      {found.entries.length === 0 ? (
        <NothingFound found={found} text={text} />
      ) : (
        <>
          <p class="fine">{plural(found.total, 'entry', 'entries')}</p>
          <FileTable repository={repository} imageId={imageId} entries={found.entries} />
        </>
      )}
      <Paging
        asked={{ limit, offset, ...asked }}
        total={found.total}
        path={path}
        query={{ directory: inDirectory, name: text }}
      />
    </RepositoryFrame>,
  );
});
