import type { Context } from '../../../../context';
import { isBuilderRunning, listBuilds, listBuildTimes, type Build } from '../../../../features/builds/builds';
import { listRules } from '../../../../features/builds/rules';
import { getShownSource } from '../../../../features/builds/sources';
import { displayName } from '../../../../features/repositories/names';
import type { Reply } from '../../../../platform/http/exchange';
import { Problem } from '../../components/forms';
import { pageAsked, Paging, type PageAsked } from '../../components/paging';
import { RepositoryFrame } from '../../components/repository-frame';
import type { Fault } from '../../problems';
import { fragment, page } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { repositoryPage, type ShownRepository } from '../repository/repository-page';
import { BadgePanel } from './badge-panel';
import { buildsPath, isOpen } from './build-parts';
import { BuildTable, type ShownSource } from './build-table';
import { NothingBuilt } from './nothing-built';
import { StartForm, type TypedStart } from './start-form';
import { TimeChart } from './time-chart';

/** The number of builds in the chart. */
const TIMES = 30;

interface Found {
  readonly visitor: Visitor;
  readonly repository: ShownRepository;
  readonly source: ShownSource;
  readonly asked: PageAsked;
  readonly builds: readonly Build[];
  readonly total: number;
}

async function find(
  ctx: Context,
  visitor: Visitor,
  { repository, query }: { readonly repository: ShownRepository; readonly query: URLSearchParams },
): Promise<Found> {
  const asked = pageAsked(query);
  const source = await getShownSource(ctx, repository);
  return { visitor, repository, source, asked, ...(await listBuilds(ctx, repository, {}, asked)) };
}

/** The table, which a script replaces while a build waits or runs. */
function History({ visitor, repository, source, asked, builds, total }: Found): View {
  const progress = buildsPath(repository, `progress/?page=${asked.page}`);
  const refresh = builds.some(isOpen) ? { 'data-refresh': progress, 'data-every': '3' } : {};
  return (
    <div {...refresh}>
      {builds.length === 0 && <NothingBuilt repository={repository} isAutomated={source !== undefined} />}
      {builds.length > 0 && <BuildTable {...{ visitor, repository, source, builds }} />}
      <Paging asked={asked} total={total} path={buildsPath(repository)} />
    </div>
  );
}

/** Where the images come from. */
function SourceLine({ repository, source }: Pick<Found, 'repository' | 'source'>): View {
  if (source === undefined) return <></>;
  return (
    <p class="fine">
      Built from <code>{source.cloneUrl}</code>. Nobody pushes images to this repository.
      {source.dockerfile !== undefined && (
        <>
          {' '}
          <a href={buildsPath(repository, 'dockerfile/')}>See the Dockerfile of the last build</a>
        </>
      )}
    </p>
  );
}

function NoBuilder(): View {
  return (
    <p class="notice warn">
      No builder is running, so builds wait. The operator of the server has to start <code>drydock builder</code>.
    </p>
  );
}

/**
 * The whole page.
 *
 * @param parts.typed - the form that was sent, if it is shown again
 */
export async function historyPage(
  ctx: Context,
  visitor: Visitor,
  parts: {
    readonly repository: ShownRepository;
    readonly query: URLSearchParams;
    readonly typed?: TypedStart;
    readonly fault?: Fault | undefined;
  },
): Promise<Reply> {
  const { repository, typed, fault } = parts;
  const found = await find(ctx, visitor, parts);
  const { source } = found;
  const isFirst = found.asked.page === 1;
  const canStart = repository.canAdminister && source !== undefined;
  const rules = canStart ? await listRules(ctx, repository) : [];
  const lacksBuilder = canStart && !(await isBuilderRunning(ctx));
  return page(
    visitor,
    { title: `Builds of ${displayName(repository)}`, ...(fault === undefined ? {} : { status: fault.status }) },
    <RepositoryFrame visitor={visitor} repository={repository} current="builds/">
      <h2 class="unseen">Builds</h2>
      <Problem fault={fault} />
      {lacksBuilder && <NoBuilder />}
      {canStart && <StartForm visitor={visitor} action={buildsPath(repository)} {...{ rules, typed, fault }} />}
      <SourceLine repository={repository} source={source} />
      <History {...found} />
      {isFirst && <TimeChart repository={repository} times={await listBuildTimes(ctx, repository, TIMES)} />}
      {isFirst && source !== undefined && <BadgePanel visitor={visitor} repository={repository} />}
    </RepositoryFrame>,
  );
}

/** The builds of a repository, the newest first. */
export const getBuilds = repositoryPage<'anyone'>((ctx, { caller, query }, repository) =>
  historyPage(ctx, caller, { repository, query }),
);

/** The part of the page that changes by itself. */
export const getBuildsProgress = repositoryPage<'anyone'>(async (ctx, { caller, query }, repository) =>
  fragment(caller, <History {...await find(ctx, caller, { repository, query })} />),
);
