import type { Context } from '../../../../context';
import { getBuild, type Build } from '../../../../features/builds/builds';
import { getShownSource } from '../../../../features/builds/sources';
import { displayName } from '../../../../features/repositories/names';
import { RepositoryFrame } from '../../components/repository-frame';
import { fragment, page } from '../../reply';
import { repositoryPage, type ShownRepository } from '../repository/repository-page';
import { BuildFacts } from './build-facts';
import { buildIdIn, buildsPath } from './build-parts';
import type { ShownSource } from './build-table';

async function find(
  ctx: Context,
  repository: ShownRepository,
  params: Readonly<Record<string, string>>,
): Promise<{ readonly repository: ShownRepository; readonly build: Build; readonly source: ShownSource }> {
  const build = await getBuild(ctx, repository, buildIdIn(params));
  return { repository, build, source: await getShownSource(ctx, repository) };
}

/** One build. */
export const getBuildPage = repositoryPage<'anyone'>(async (ctx, { caller, params }, repository) => {
  const found = await find(ctx, repository, params);
  return page(
    caller,
    { title: `Build ${found.build.id} of ${displayName(repository)}` },
    <RepositoryFrame visitor={caller} repository={repository} current="builds/">
      <p>
        <a href={buildsPath(repository)}>All builds</a>
      </p>
      <BuildFacts visitor={caller} {...found} />
    </RepositoryFrame>,
  );
});

/** The part of the page that changes by itself. */
export const getBuildProgress = repositoryPage<'anyone'>(async (ctx, { caller, params }, repository) =>
  fragment(caller, <BuildFacts visitor={caller} {...await find(ctx, repository, params)} />),
);
