import type { ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import type { ActivityTotals } from '../../../../features/statistics/statistics';
import { Ago, formatCount, Size } from '../../components/quantities';
import { MarkdownText } from '../../components/markdown-text';
import { CopyLine, Empty, Panel } from '../../components/page-parts';
import type { Rendered } from '../../markdown';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { exampleUser, hubOf } from '../public/engine-commands';
import { pullName, tagPath } from './addresses';
import { kindText } from './manifest-parts';

interface OfRepository {
  readonly repository: RepositoryDetails;
}

/** The full description of a repository. */
export function Readme({
  repository,
  text: { html, isCut },
  isWhole,
}: OfRepository & { readonly text: Rendered; readonly isWhole: boolean }): View {
  const { fullDescription, canAdminister } = repository;
  if (fullDescription.trim() === '') {
    return (
      <Empty title="No description yet">
        {canAdminister ? (
          <p>
            Describe what is in this repository and how to run it{' '}
            <a href={repositoryPath(repository, 'settings/')}>in its settings</a>.
          </p>
        ) : (
          <p>The owner has not described this repository. Its tags and layers show what is in it.</p>
        )}
      </Empty>
    );
  }
  return (
    <section class="panel" aria-label="Description">
      <MarkdownText html={html} />
      {isCut && (
        <p>
          This is the beginning of a long description.{' '}
          {!isWhole && <a href={repositoryPath(repository, '?readme=whole')}>Show all</a>}
        </p>
      )}
    </section>
  );
}

function Tally({ count, of }: { readonly count: number; readonly of: string }): View {
  return (
    <div>
      <dt>{of}</dt>
      <dd title={count.toLocaleString('en-US')}>{formatCount(count)}</dd>
    </div>
  );
}

/** How much a repository is used, and how old it is. */
export function Facts({ repository, totals }: OfRepository & { readonly totals: ActivityTotals }): View {
  const { starCount, tagCount, updatedAt, createdAt } = repository;
  return (
    <Panel title="About">
      <dl class="tallies">
        <Tally count={totals.pulls} of="Pulls" />
        <Tally count={starCount} of="Stars" />
        <Tally count={tagCount} of="Tags" />
        <Tally count={totals.pushes} of="Pushes" />
      </dl>
      <ul class="facts">
        <li>
          Updated <Ago at={updatedAt} />
        </li>
        <li>
          Created <Ago at={createdAt} />
        </li>
      </ul>
    </Panel>
  );
}

/** The tags that were set most recently. */
export function LatestTags({ repository, tags }: OfRepository & { readonly tags: readonly ShownTag[] }): View {
  return (
    <Panel title="Latest tags">
      <ul class="rows">
        {tags.map((tag) => (
          <li>
            <div class="title-line">
              <a href={tagPath(repository, tag.name)}>{tag.name}</a>
            </div>
            <ul class="facts">
              <li>
                <Ago at={tag.updatedAt} />
              </li>
              <li>
                <Size bytes={tag.totalSizeBytes} />
              </li>
              {tag.manifest !== undefined && <li>{kindText(tag.manifest.kind)}</li>}
            </ul>
          </li>
        ))}
      </ul>
      {repository.tagCount > tags.length && (
        <p>
          <a href={repositoryPath(repository, 'tags/')}>All {formatCount(repository.tagCount)} tags</a>
        </p>
      )}
    </Panel>
  );
}

/** The content of the page of a repository without tags: the commands to push, for visitors who may. */
export function FirstPush({ visitor, repository }: OfRepository & { readonly visitor: Visitor }): View {
  if (repository.isAutomated) {
    return (
      <Empty title="No image has been built yet">
        <p>
          The images of this repository are built from a git repository.{' '}
          <a href={repositoryPath(repository, 'builds/')}>See its builds</a>.
        </p>
      </Empty>
    );
  }
  if (!repository.canWrite) {
    return (
      <Empty title="Nothing has been pushed yet">
        <p>
          There is nothing to pull from this repository yet. <a href="/explore/">Explore other repositories</a>.
        </p>
      </Empty>
    );
  }
  const name = pullName(visitor, repository);
  return (
    <Panel title="Push the first image">
      <p>On a machine that has the image, log in, tag the image with this name, and push it:</p>
      <CopyLine text={`docker login -u ${exampleUser(visitor)} ${hubOf(visitor)}`} label="Command to log in" />
      <CopyLine text={`docker tag IMAGE ${name}:latest`} label="Command to tag the image" />
      <CopyLine text={`docker push ${name}`} label="Command to push" />
      <p class="fine">
        Is the engine not set up for this server yet? <a href="/start/">Get started</a> shows how.
      </p>
    </Panel>
  );
}
