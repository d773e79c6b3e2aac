import { displayName } from '../../../../features/repositories/names';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { CopyLine, Panel } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { buildsPath } from './build-parts';

/** The status badge, with the line that shows it elsewhere. */
export function BadgePanel({
  visitor: { origin },
  repository,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
}): View {
  const badge = buildsPath(repository, 'badge.svg');
  const page = buildsPath(repository);
  return (
    <Panel title="Badge">
      <p>
        <img src={badge} alt={`How the last build of ${displayName(repository)} ended`} height={20} />
      </p>
      <CopyLine text={`[![Build](${origin}${badge})](${origin}${page})`} label="Markdown of the badge" />
      <p class="fine">
        Add <code>?ref=master</code> for one branch or tag, or <code>?tag=latest</code> for one docker tag.
        {repository.visibility === 'private' && ' Only people who may read the repository, and are signed in, see it.'}
      </p>
    </Panel>
  );
}
