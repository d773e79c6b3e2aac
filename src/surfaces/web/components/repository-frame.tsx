import type { RepositoryDetails } from '../../../features/repositories/repository-details';
import { repositoryPath } from '../repository-path';
import type { Children, View } from '../view';
import type { Visitor } from '../visitor';
import { plural } from './quantities';
import { Avatar } from './avatar';
import { ActButton } from './buttons';
import { Badge, Tabs } from './page-parts';

const TABS = [
  ['', 'Overview'],
  ['tags/', 'Tags'],
  ['tree/', 'Images'],
  ['history/', 'Tag history'],
  ['statistics/', 'Pulls'],
  ['comments/', 'Comments'],
] as const;

const BUILDS = ['builds/', 'Builds'] as const;

/** A page of a repository: the part of the path after the repository. */
export type RepositoryTab = (typeof TABS)[number][0] | (typeof BUILDS)[0] | 'settings/';

/** A badge with the visibility of a repository; nothing for a public one. */
export function VisibilityBadge({ visibility }: Pick<RepositoryDetails, 'visibility'>): View {
  return visibility === 'public' ? <></> : <Badge tone="warn">{visibility}</Badge>;
}

function StarButton({ visitor, repository }: { visitor: Visitor; repository: RepositoryDetails }): View {
  const { isStarred, starCount } = repository;
  const text = plural(starCount, 'star');
  if (visitor.login === undefined) return <span class="stars">★ {text}</span>;
  return (
    <ActButton
      visitor={visitor}
      action={repositoryPath(repository, 'star/')}
      fields={{ starred: isStarred ? 'no' : 'yes', next: visitor.url }}
      class="quiet"
      label={isStarred ? `Unstar this repository, ${text}` : `Star this repository, ${text}`}
    >
      <span aria-hidden="true">{isStarred ? '★' : '☆'}</span> {text}
    </ActButton>
  );
}

/**
 * The parts that all pages of a repository have: its name, its star, and links to its other pages; during its deletion
 * only its name.
 */
export function RepositoryFrame({
  visitor,
  repository,
  current,
  children,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly current: RepositoryTab;
  readonly children?: Children;
}): View {
  const { namespace, name, isOfficial, visibility, description, canAdminister } = repository;
  const isBeingDeleted = repository.state === 'deleting';
  const tabs = [
    ...TABS,
    ...(repository.isAutomated || current === 'builds/' ? [BUILDS] : []),
    ...(canAdminister ? ([['settings/', 'Settings']] as const) : []),
  ];
  return (
    <>
      <div class="heading">
        <div>
          <h1 class="title-line">
            {isOfficial ? (
              <span>{name}</span>
            ) : (
              <>
                <Avatar name={namespace} />
                <span>
                  <a href={`/u/${namespace}/`}>{namespace}</a> / {name}
                </span>
              </>
            )}
            {isOfficial && <Badge tone="official">Official</Badge>}
            {repository.isAutomated && <Badge>Automated build</Badge>}
            <VisibilityBadge visibility={visibility} />
            {isBeingDeleted && <Badge tone="warn">being deleted</Badge>}
          </h1>
          {description !== '' && <p class="subtitle">{description}</p>}
        </div>
        {!isBeingDeleted && (
          <div class="actions">
            <StarButton visitor={visitor} repository={repository} />
          </div>
        )}
      </div>
      {!isBeingDeleted && (
        <Tabs
          label={`Pages of ${name}`}
          items={tabs.map(([rest, text]) => ({ href: repositoryPath(repository, rest), text }))}
          current={repositoryPath(repository, current)}
        />
      )}
      {children}
    </>
  );
}
