import type { ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { CopyLine } from '../../components/page-parts';
import type { Children, View } from '../../view';
import type { Visitor } from '../../visitor';
import { pullName } from './addresses';
import { dockersBefore, firstOverV2, versionText, type DockerVersion } from './engine-generations';

interface Shown {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly tag: ShownTag;
  /** the first docker that sees v2 of this server */
  readonly v2Engines: DockerVersion | 'off';
}

/** Docker refuses images with more layers, whatever its protocol. */
const MOST_LAYERS_OF_DOCKER = 125;

/** Says that docker cannot pull an image of so many layers. */
export function DepthNotice({ layers }: { readonly layers: number }): View {
  if (layers <= MOST_LAYERS_OF_DOCKER) return <></>;
  return (
    <p class="notice warn">
      This image has {layers} layers. With more than {MOST_LAYERS_OF_DOCKER}, docker says “max depth exceeded”; podman
      and containerd can pull it.
    </p>
  );
}

function Way({
  title,
  clients,
  problem,
  children,
}: {
  readonly title: string;
  readonly clients: string;
  /** why they cannot pull it, if they cannot */
  readonly problem: string | undefined;
  /** the commands */
  readonly children?: Children;
}): View {
  return (
    <div>
      <h3>{title}</h3>
      {problem === undefined ? children : <p class="notice warn">These clients cannot pull this tag: {problem}.</p>}
      <p class="fine">{clients}</p>
    </div>
  );
}

/** Engines get the image of an index for their architecture. */
function enginesOf({ imageId, v1Problem, otherArchitectures, manifest }: ShownTag): string {
  const isIndex = manifest?.kind === 'oci-index' || manifest?.kind === 'docker-index';
  if (!isIndex || (imageId === undefined && otherArchitectures.length === 0)) return 'For all engines that use v1.';
  const architectures = [...(imageId === undefined ? [] : ['amd64']), ...otherArchitectures];
  const others = v1Problem === undefined ? '' : ` Not on amd64: ${v1Problem}.`;
  return `For engines that use v1 on ${architectures.join(', ')}.${others}`;
}

function OldWay({ visitor, repository, tag, v2Engines }: Shown): View {
  const title = v2Engines === 'off' ? 'docker up to 17.11' : dockersBefore(v2Engines);
  const command = `docker pull ${pullName(visitor, repository)}:${tag.name}`;
  const isForSome = tag.otherArchitectures.length > 0;
  return (
    <Way title={title} clients={enginesOf(tag)} problem={isForSome ? undefined : tag.v1Problem}>
      <CopyLine text={command} label={`Command to pull this tag with ${title}`} />
      {tag.imageId === undefined && !isForSome && (
        <p class="fine">Works within five minutes: the v1 image of this tag is still being created.</p>
      )}
    </Way>
  );
}

function NewWay({ visitor, repository, tag, v2Engines }: Shown): View {
  const place = pullName(visitor, repository);
  const first = versionText(firstOverV2(v2Engines));
  const title = 'docker of today, podman';
  return (
    <Way
      title={title}
      clients={`For docker from ${first} on, podman, skopeo, containerd and others. With podman, replace docker by podman.`}
      problem={tag.v2Problem}
    >
      <CopyLine text={`docker pull ${place}:${tag.name}`} label={`Command to pull this tag with ${title}`} />
      {tag.digest !== undefined && (
        <CopyLine text={`docker pull ${place}@${tag.digest}`} label="Command to pull exactly this, by its digest" />
      )}
      <DepthNotice layers={tag.layerCount} />
    </Way>
  );
}

/** The commands to pull a tag, for old engines and for the clients of today; or why some of them cannot. */
export function PullWays(shown: Shown): View {
  if (shown.v2Engines === 'off') return <OldWay {...shown} />;
  return (
    <div class="columns even">
      <OldWay {...shown} />
      <NewWay {...shown} />
    </div>
  );
}
