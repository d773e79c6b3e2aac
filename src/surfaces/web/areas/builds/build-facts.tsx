import type { Build } from '../../../../features/builds/builds';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { Moment } from '../../components/quantities';
import type { Children, View } from '../../view';
import type { Visitor } from '../../visitor';
import { BuiltDigest, BuiltTag, buildPath, Cause, CommitHash, Duration, isOpen, StateBadge } from './build-parts';
import { BuildActs, commitPage, type ShownSource } from './build-table';

interface Of {
  readonly repository: RepositoryDetails;
  readonly build: Build;
  readonly source: ShownSource;
}

function Fact({ name, children }: { readonly name: string; readonly children?: Children }): View {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Commit({ build, source }: Pick<Of, 'build' | 'source'>): View {
  const { commit } = build;
  if (commit === undefined) return <span class="fine">known when the build has started</span>;
  return (
    <>
      <CommitHash hash={commit.hash} url={commitPage(source, build)} />
      {commit.author !== '' && ` by ${commit.author}`}
      {commit.message !== '' && <div class="as-typed">{commit.message.trim()}</div>}
    </>
  );
}

function Times({ build: { createdAt, startedAt, finishedAt } }: Pick<Of, 'build'>): View {
  return (
    <>
      <Fact name="Requested">
        <Moment at={createdAt} />
      </Fact>
      {startedAt !== undefined && (
        <Fact name="Started">
          <Moment at={startedAt} />
        </Fact>
      )}
      {finishedAt !== undefined && (
        <Fact name="Finished">
          <Moment at={finishedAt} />
        </Fact>
      )}
    </>
  );
}

function Pairs({ repository, build, source }: Of): View {
  return (
    <dl class="pairs">
      <Fact name="Cause">
        <Cause build={build} />
      </Fact>
      <Fact name="Source">
        {build.refType} {build.refName}
      </Fact>
      <Fact name="Commit">
        <Commit build={build} source={source} />
      </Fact>
      <Fact name="Dockerfile">
        <code>{build.dockerfilePath}</code> in the context <code>{build.contextPath}</code>
      </Fact>
      <Fact name="Tag">
        <BuiltTag repository={repository} build={build} />
      </Fact>
      {build.digest !== undefined && (
        <Fact name="Digest">
          <BuiltDigest repository={repository} build={build} />
        </Fact>
      )}
      <Times build={build} />
      <Fact name="Duration">
        <Duration build={build} />
      </Fact>
    </dl>
  );
}

/** What is known about a build, with its buttons; a script replaces it while the build waits or runs. */
export function BuildFacts({ visitor, ...of }: Of & { readonly visitor: Visitor }): View {
  const { repository, build } = of;
  const refresh = isOpen(build) ? { 'data-refresh': buildPath(repository, build, 'progress/'), 'data-every': '2' } : {};
  return (
    <section class="panel" aria-label="The build" {...refresh}>
      <div class="heading">
        <h2 class="title-line">
          Build {build.id} <StateBadge build={build} />
        </h2>
        <div class="actions">
          <BuildActs visitor={visitor} {...of} />
        </div>
      </div>
      {build.error !== undefined && (
        <p class={build.state === 'error' ? 'notice problem' : 'notice warn'}>{build.error}</p>
      )}
      <Pairs {...of} />
    </section>
  );
}
