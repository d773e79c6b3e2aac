import { displayName } from '../../../features/repositories/names';
import type { RepositoryCard } from '../../../features/search/cards';
import { repositoryPath } from '../repository-path';
import type { View } from '../view';
import { Avatar } from './avatar';
import { Ago, formatCount, plural } from './quantities';
import { Badge } from './page-parts';
import { VisibilityBadge } from './repository-frame';

function RepositoryRow({ repository, showsOwners }: { repository: RepositoryCard; showsOwners: boolean }): View {
  const { description, visibility, state, isOfficial, isAutomated, starCount, pullCount, updatedAt } = repository;
  return (
    <li class="repository">
      <div class="title-line">
        {showsOwners && <Avatar name={repository.namespace} size="small" />}
        <a href={repositoryPath(repository)}>{displayName(repository)}</a>
        {isOfficial && <Badge tone="official">Official</Badge>}
        {isAutomated && <Badge>Automated</Badge>}
        <VisibilityBadge visibility={visibility} />
        {state === 'initialized' && <Badge>nothing pushed yet</Badge>}
        {state === 'deleting' && <Badge tone="warn">being deleted</Badge>}
      </div>
      {description !== '' && <p class="description">{description}</p>}
      <ul class="facts">
        <li>
          <span aria-hidden="true">★ {formatCount(starCount)}</span>
          <span class="unseen">{plural(starCount, 'star')}</span>
        </li>
        <li>{plural(pullCount, 'pull')}</li>
        <li>
          Updated <Ago at={updatedAt} />
        </li>
      </ul>
    </li>
  );
}

/** A list of repositories, as all pages show it. The page decides what replaces an empty list, and adds the paging. */
export function RepositoryList({
  repositories,
  label,
  showsOwners = false,
}: {
  readonly repositories: readonly RepositoryCard[];
  /** the content of the list, for screen readers, such as `Repositories of alice` */
  readonly label: string;
  /** with the pictures of their namespaces, for a list of several */
  readonly showsOwners?: boolean;
}): View {
  return (
    <ul class="rows" aria-label={label}>
      {repositories.map((repository) => (
        <RepositoryRow repository={repository} showsOwners={showsOwners} />
      ))}
    </ul>
  );
}
