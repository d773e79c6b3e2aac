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
import { LogView, readShownLog } from './log/log-view';
import { FoundView, searchedText, searchLog } from './log/search-view';

async function find(
  ctx: Context,
  repository: ShownRepository,
  params: Readonly<Record<string, string>>,
): Promise<{ readonly repository: ShownRepository; readonly build: Build; readonly source: ShownSource }> {
  const build = await getBuild(ctx, repository, buildIdIn(params));
  return { repository, build, source: await getShownSource(ctx, repository) };
}

/** One build. */
export const getBuildPage = repositoryPage<'anyone'>(async (ctx, { caller, params, query }, repository) => {
  const found = await find(ctx, repository, params);
  const { build } = found;
  const text = searchedText(query);
  const log =
    text === '' ? (
      <LogView repository={repository} build={build} log={await readShownLog(ctx, repository, build)} />
    ) : (
      <FoundView repository={repository} build={build} found={await searchLog(ctx, repository, build, text)} />
    );
  return page(
    caller,
    { title: `Build ${build.id} of ${displayName(repository)}` },
    <RepositoryFrame visitor={caller} repository={repository} current="builds/">
      <p>
        <a href={buildsPath(repository)}>All builds</a>
      </p>
      <BuildFacts visitor={caller} {...found} />
      {log}
    </RepositoryFrame>,
  );
});

/** The part of the page that changes by itself. */
export const getBuildProgress = repositoryPage<'anyone'>(async (ctx, { caller, params }, repository) =>
  fragment(caller, <BuildFacts visitor={caller} {...await find(ctx, repository, params)} />),
);
