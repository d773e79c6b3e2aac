import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { Empty } from '../../components/page-parts';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';

/** Replaces an empty history: what that means, and what to do next. */
export function NothingBuilt({
  repository,
  isAutomated,
}: {
  readonly repository: RepositoryDetails;
  readonly isAutomated: boolean;
}): View {
  const { canAdminister } = repository;
  if (!isAutomated) {
    return (
      <Empty title="This repository is not an automated one">
        <p>Images are pushed to it. Builds of a git repository would be listed here.</p>
        <p>
          {canAdminister ? (
            <a href={repositoryPath(repository, 'settings/builds/')}>Build it from git</a>
          ) : (
            <a href={repositoryPath(repository, 'tags/')}>See its tags</a>
          )}
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has been built yet">
      {canAdminister ? (
        <p>Push to the git repository, or press “Build now” above to build what is there.</p>
      ) : (
        <p>The next push to the git repository that a build rule matches is built.</p>
      )}
    </Empty>
  );
}
