import type { ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { CopyLine, Panel } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { pullName } from './addresses';

const LATEST = 'latest';

/** The tag that the command names: `latest` goes without saying, and without it the newest image. */
function tagToPull(tags: readonly ShownTag[]): ShownTag | undefined {
  const images = tags.filter(({ manifest }) => manifest?.kind !== 'artifact');
  return images.find(({ name }) => name === LATEST) ?? images[0] ?? tags[0];
}

/** Which clients can pull a tag. */
function needsOf(tag: ShownTag | undefined): string {
  if (tag !== undefined && tag.imageId === undefined) {
    return 'This image needs a client of today, such as docker from 17.06 on or podman.';
  }
  if (tag?.v2Problem !== undefined) return 'This image needs an engine that uses v1, such as docker up to 17.05.';
  return 'With podman, replace docker by podman.';
}

/**
 * How to pull a repository.
 *
 * @param tags - the latest ones
 */
export function PullPanel({
  visitor,
  repository,
  tags,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly tags: readonly ShownTag[];
}): View {
  const tag = tagToPull(tags);
  const name = pullName(visitor, repository);
  const place = tag === undefined || tag.name === LATEST ? name : `${name}:${tag.name}`;
  const isArtifact = tag?.manifest?.kind === 'artifact';
  return (
    <Panel title="Pull">
      <CopyLine text={`${isArtifact ? 'oras' : 'docker'} pull ${place}`} label="Command to pull this repository" />
      {!isArtifact && (
        <p class="fine">
          {needsOf(tag)} <a href="/start/">What each client needs</a>
        </p>
      )}
    </Panel>
  );
}
