import { getShownSource } from '../../../../features/builds/sources';
import { displayName } from '../../../../features/repositories/names';
import { Empty } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { page } from '../../reply';
import { repositoryPage } from '../repository/repository-page';
import { buildsPath } from './build-parts';

/** The Dockerfile of the last build. */
export const getDockerfile = repositoryPage<'anyone'>(async (ctx, { caller }, repository) => {
  const source = await getShownSource(ctx, repository);
  return page(
    caller,
    { title: `Dockerfile of ${displayName(repository)}` },
    <RepositoryFrame visitor={caller} repository={repository} current="builds/">
      <p>
        <a href={buildsPath(repository)}>All builds</a>
      </p>
      <h2>Dockerfile of the last build</h2>
      {source?.dockerfile === undefined ? (
        <Empty title="There is no Dockerfile yet">
          <p>The first build that reads one shows it here.</p>
        </Empty>
      ) : (
        <pre tabindex={0} aria-label="Dockerfile">
          {`\n${source.dockerfile}`}
        </pre>
      )}
    </RepositoryFrame>,
  );
});
