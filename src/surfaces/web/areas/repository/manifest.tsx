import type { Context, Needs } from '../../../../context';
import { describeManifest, type DescribedManifest } from '../../../../features/manifests/manifest-page';
import { getManifestByDigest } from '../../../../features/manifests/manifests';
import type { ShownTag } from '../../../../features/manifests/shown-tags';
import { displayName } from '../../../../features/repositories/names';
import type { Reply } from '../../../../platform/http/exchange';
import { CopyLine, Panel } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { RepositoryFrame } from '../../components/repository-frame';
import { page } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { manifestPath, pullName, shortId, tagPath } from './addresses';
import { ConfigPanel, Pairs } from './manifest-config';
import { ManifestFacts } from './manifest-facts';
import { Attached, Platforms } from './manifest-related';
import { StepTable } from './manifest-steps';
import { DepthNotice, PullWays } from './pull-ways';
import { repositoryPage, type ShownRepository } from './repository-page';
import { TagLinks } from './tag-parts';

const STEPS_ON_A_PAGE = 50;

interface Shown {
  readonly ctx: Needs<'settings'>;
  readonly visitor: Visitor;
  readonly repository: ShownRepository;
  readonly manifest: DescribedManifest;
  /** undefined: the page is that of a digest */
  readonly tag: ShownTag | undefined;
}

/** The commands to pull it, by its tag and by its digest. */
function PullLines({ ctx, visitor, repository, manifest: { summary }, tag }: Shown): View {
  const name = pullName(visitor, repository);
  const { v2Engines } = ctx.settings;
  if (tag !== undefined && summary.kind !== 'artifact') {
    return <PullWays visitor={visitor} repository={repository} tag={tag} v2Engines={v2Engines} />;
  }
  const pull = summary.kind === 'artifact' ? 'oras pull' : 'docker pull';
  return (
    <>
      {tag !== undefined && <CopyLine text={`${pull} ${name}:${tag.name}`} label="Command to pull this tag" />}
      <CopyLine text={`${pull} ${name}@${summary.digest}`} label="Command to pull exactly this, by its digest" />
      {tag?.v1Problem !== undefined && <p class="fine">Engines that use v1 cannot pull it: {tag.v1Problem}.</p>}
      <DepthNotice layers={summary.kind === 'artifact' ? 0 : summary.layerCount} />
    </>
  );
}

function Content({ shown, query }: { readonly shown: Shown; readonly query: URLSearchParams }): View {
  const { repository, manifest, tag } = shown;
  const { summary, steps, annotations } = manifest;
  const asked = pageAsked(query, STEPS_ON_A_PAGE);
  const latest = [...steps].reverse();
  const path = tag === undefined ? manifestPath(repository, summary.digest) : tagPath(repository, tag.name);
  return (
    <>
      <Platforms repository={repository} manifest={manifest} />
      {manifest.image !== undefined && <ConfigPanel image={manifest.image} />}
      <Attached repository={repository} attached={manifest.attached} />
      {steps.length > 0 && (
        <>
          <StepTable steps={latest.slice(asked.offset, asked.offset + asked.limit)} kind={summary.kind} />
          <Paging asked={asked} total={steps.length} path={path} />
        </>
      )}
      {annotations.length > 0 && (
        <Panel title="Annotations">
          <Pairs pairs={annotations} />
        </Panel>
      )}
    </>
  );
}

function manifestPage(query: URLSearchParams, shown: Shown): Reply {
  const { visitor, repository, manifest, tag } = shown;
  const what = tag?.name ?? shortId(manifest.summary.digest);
  const title = tag === undefined ? `Manifest ${what}` : what;
  return page(
    visitor,
    { title: `${displayName(repository)}:${what}` },
    <RepositoryFrame visitor={visitor} repository={repository} current="tags/">
      <Panel title={title}>
        <PullLines {...shown} />
        <ManifestFacts repository={repository} manifest={manifest} tag={tag} />
        {tag !== undefined && <TagLinks visitor={visitor} repository={repository} tag={tag} />}
      </Panel>
      <Content shown={shown} query={query} />
    </RepositoryFrame>,
  );
}

/** The page of a tag that points to a manifest. */
export async function tagOfManifestPage(
  ctx: Context,
  { caller, query }: { readonly caller: Visitor; readonly query: URLSearchParams },
  repository: ShownRepository,
  tag: ShownTag & { readonly manifest: object },
): Promise<Reply> {
  const found = await getManifestByDigest(ctx, repository, tag.manifest.digest);
  const manifest = await describeManifest(ctx, repository, found);
  return manifestPage(query, { ctx, visitor: caller, repository, manifest, tag });
}

/** A manifest by its digest: it need not have a tag. */
export const getManifestPage = repositoryPage<'anyone'>(async (ctx, { caller, params, query }, repository) => {
  const found = await getManifestByDigest(ctx, repository, params['digest'] ?? '');
  const manifest = await describeManifest(ctx, repository, found);
  return manifestPage(query, { ctx, visitor: caller, repository, manifest, tag: undefined });
});
