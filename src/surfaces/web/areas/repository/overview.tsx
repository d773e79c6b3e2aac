import { displayName } from '../../../../features/repositories/names';
import { listShownTags } from '../../../../features/manifests/shown-tags';
import { getActivityTotals } from '../../../../features/statistics/statistics';
import { RepositoryFrame } from '../../components/repository-frame';
import type { LinkPreview } from '../../components/link-preview';
import { page } from '../../reply';
import { repositoryPath } from '../../repository-path';
import { writtenText } from '../../written-text';
import { Facts, FirstPush, LatestTags, Readme } from './overview-parts';
import { PullPanel } from './pull-panel';
import { repositoryPage, type ShownRepository } from './repository-page';

const LATEST = 6;

const README_WHOLE = 1_000_000;

/** Only for what everyone may find: a private or unlisted repository shows nothing of itself elsewhere. */
function previewOf(repository: ShownRepository): LinkPreview | undefined {
  if (repository.visibility !== 'public') return undefined;
  const name = displayName(repository);
  const description = repository.description === '' ? `Docker images of ${name}` : repository.description;
  return { title: name, description, path: repositoryPath(repository) };
}

/** The first page of a repository: its description, the pull command and the latest tags. */
export const getOverview = repositoryPage<'anyone'>(async (ctx, { caller, query, signal }, repository) => {
  const totals = await getActivityTotals(ctx, repository);
  const { tags } = await listShownTags(ctx, repository, { limit: LATEST, offset: 0, sort: 'updated' });
  const isWhole = query.get('readme') === 'whole';
  const characters = isWhole ? { characters: README_WHOLE } : {};
  const task = { text: repository.fullDescription, kind: 'readme', ...characters } as const;
  const readme = await writtenText(ctx, { actor: caller.actor, signal }, task);
  return page(
    caller,
    { title: displayName(repository), preview: previewOf(repository) },
    <RepositoryFrame visitor={caller} repository={repository} current="">
      <div class="columns">
        <div>
          {tags.length > 0 && <PullPanel visitor={caller} repository={repository} tags={tags} />}
          {tags.length === 0 && <FirstPush visitor={caller} repository={repository} />}
          <Readme repository={repository} text={readme} isWhole={isWhole} />
        </div>
        <aside aria-label="About this repository">
          <Facts repository={repository} totals={totals} />
          {tags.length > 0 && <LatestTags repository={repository} tags={tags} />}
        </aside>
      </div>
    </RepositoryFrame>,
  );
});
