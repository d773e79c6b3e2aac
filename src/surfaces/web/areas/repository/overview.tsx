import { displayName } from '../../../../features/repositories/names';
import { listShownTags } from '../../../../features/manifests/shown-tags';
import { getActivityTotals } from '../../../../features/statistics/statistics';
import { RepositoryFrame } from '../../components/repository-frame';
import { page } from '../../reply';
import { writtenText } from '../../written-text';
import { Facts, FirstPush, LatestTags, Readme } from './overview-parts';
import { PullPanel } from './pull-panel';
import { repositoryPage } from './repository-page';

const LATEST = 6;

/** The limit for the description, so that the page stays within its own limit. */
const README_CHARACTERS = 64_000;
const README_WHOLE = 1_000_000;

/** The first page of a repository: its description, the pull command and the latest tags. */
export const getOverview = repositoryPage<'anyone'>(async (ctx, { caller, query, signal }, repository) => {
  const totals = await getActivityTotals(ctx, repository);
  const { tags } = await listShownTags(ctx, repository, { limit: LATEST, offset: 0, sort: 'updated' });
  const isWhole = query.get('readme') === 'whole';
  const characters = isWhole ? README_WHOLE : README_CHARACTERS;
  const task = { text: repository.fullDescription, kind: 'readme', characters } as const;
  const readme = await writtenText(ctx, { actor: caller.actor, signal }, task);
  return page(
    caller,
    { title: displayName(repository) },
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
