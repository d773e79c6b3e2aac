import type { Build } from '../../../../features/builds/builds';
import { commitUrl } from '../../../../features/builds/commit-url';
import type { getShownSource } from '../../../../features/builds/sources';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { ActButton } from '../../components/buttons';
import { Table } from '../../components/page-parts';
import { Ago } from '../../components/quantities';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import {
  buildPath,
  BuiltDigest,
  BuiltTag,
  Cause,
  CommitHash,
  Duration,
  firstLine,
  isOpen,
  StateBadge,
} from './build-parts';

/** What everyone who may read the repository sees of its source. */
export type ShownSource = Awaited<ReturnType<typeof getShownSource>>;

/** The page of the commit of a build at its provider. */
export function commitPage(source: ShownSource, { commit }: Pick<Build, 'commit'>): string | undefined {
  return source && commit && commitUrl(source, commit.hash);
}

interface RowProps {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly source: ShownSource;
  readonly build: Build;
}

/** Buttons that cancel a build, or build the same once more. */
export function BuildActs({ visitor, repository, source, build }: RowProps): View {
  if (!repository.canAdminister || source === undefined) return <></>;
  if (isOpen(build)) {
    if (build.isCancelRequested) return <></>;
    return (
      <ActButton visitor={visitor} action={buildPath(repository, build, 'cancel/')} label={`Cancel build ${build.id}`}>
        Cancel
      </ActButton>
    );
  }
  return (
    <ActButton visitor={visitor} action={buildPath(repository, build, 'retry/')} label={`Retry build ${build.id}`}>
      Retry
    </ActButton>
  );
}

function Row({ visitor, repository, source, build }: RowProps): View {
  const { commit } = build;
  return (
    <tr>
      <td class="short">
        <a href={buildPath(repository, build)}>Build {build.id}</a> <StateBadge build={build} />
      </td>
      <td class="wide">
        {build.refType} <strong>{build.refName}</strong>
        {commit !== undefined && (
          <div class="fine">
            <CommitHash hash={commit.hash} url={commitPage(source, build)} /> {firstLine(commit.message)}
          </div>
        )}
      </td>
      <td>
        <BuiltTag repository={repository} build={build} />
        <div>
          <BuiltDigest repository={repository} build={build} />
        </div>
      </td>
      <td>
        <Cause build={build} />
      </td>
      <td>
        <Ago at={build.createdAt} />
      </td>
      <td class="short number">
        <Duration build={build} />
      </td>
      <td class="number">
        <BuildActs visitor={visitor} repository={repository} source={source} build={build} />
      </td>
    </tr>
  );
}

/** The builds of a repository, the newest first. */
export function BuildTable({
  builds,
  ...of
}: Omit<RowProps, 'build'> & {
  readonly builds: readonly Build[];
}): View {
  const head = ['Build', 'Source', 'Image', 'Cause', 'Requested', 'Duration', ''];
  return (
    <Table caption="Builds, the newest first" head={head} numbers={[5]}>
      {builds.map((build) => (
        <Row {...of} build={build} />
      ))}
    </Table>
  );
}
