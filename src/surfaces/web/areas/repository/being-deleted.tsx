import { displayName } from '../../../../features/repositories/names';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import type { Reply } from '../../../../platform/http/exchange';
import { Panel } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { page } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { Visitor } from '../../visitor';

/** The page of a repository during its deletion, for those who work on it. */
export function beingDeletedPage(visitor: Visitor, repository: RepositoryDetails): Reply {
  return page(
    visitor,
    { title: displayName(repository) },
    <RepositoryFrame visitor={visitor} repository={repository} current="">
      <Panel title="This repository is being deleted" tone="danger">
        <p>
          It cannot be pulled from or pushed to. It will be gone 24 hours after its deletion started.
          {repository.canAdminister && (
            <>
              {' '}
              You can <a href={repositoryPath(repository, 'settings/delete/')}>delete it now</a>.
            </>
          )}
        </p>
      </Panel>
    </RepositoryFrame>,
  );
}
