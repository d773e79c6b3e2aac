import { displayName } from '../../../../features/repositories/names';
import { repositoriesSharedWith } from '../../../../features/search/cards';
import { listStarred } from '../../../../features/social/stars';
import type { WebHandler } from '../../access';
import { Avatar } from '../../components/avatar';
import { Ago, plural } from '../../components/quantities';
import { idOf, Older } from '../../components/older';
import { Empty } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { RepositoryList } from '../../components/repository-list';
import { page } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import { DashboardFrame } from './dashboard-frame';

/* Repositories of others that the member uses. */

const SHARED = '/dashboard/shared/';
const STARRED = '/dashboard/starred/';
const STARS = 25;

/** The repositories on which the member collaborates. */
export const getShared: WebHandler<'member'> = async (ctx, { caller, query }) => {
  const asked = pageAsked(query);
  const { total, repositories } = await repositoriesSharedWith(ctx, caller.actor, asked);
  return page(
    caller,
    { title: 'Shared with me', section: 'dashboard' },
    <DashboardFrame current={SHARED}>
      <h2 class="unseen">Shared with me</h2>
      {repositories.length === 0 ? (
        <Empty title="No repositories are shared with you yet">
          <p>To work on someone's repository, ask its owner to add you as a collaborator.</p>
        </Empty>
      ) : (
        <RepositoryList repositories={repositories} label="Shared with me" showsOwners />
      )}
      <Paging asked={asked} total={total} path={SHARED} />
    </DashboardFrame>,
  );
};

type Starred = Awaited<ReturnType<typeof listStarred>>['stars'][number];

function StarredList({ stars }: { readonly stars: readonly Starred[] }): View {
  return (
    <ul class="rows" aria-label="Starred">
      {stars.map((star) => (
        <li class="repository">
          <div class="title-line">
            <Avatar name={star.namespace} size="small" />
            <a href={repositoryPath(star)}>{displayName(star)}</a>
          </div>
          {star.description !== '' && <p class="description">{star.description}</p>}
          <ul class="facts">
            <li>{plural(star.starCount, 'star')}</li>
            <li>
              Starred by you <Ago at={star.starredAt} />
            </li>
          </ul>
        </li>
      ))}
    </ul>
  );
}

/** The repositories that the member has starred, the latest star first. */
export const getStarred: WebHandler<'member'> = async (ctx, { caller, query }) => {
  const before = idOf(query.get('before'));
  const { userId } = caller.login.account;
  const wanted = { limit: STARS, ...(before === undefined ? {} : { before }) };
  const { stars, next } = await listStarred(ctx, caller.actor, userId, wanted);
  return page(
    caller,
    { title: 'Starred', section: 'dashboard' },
    <DashboardFrame current={STARRED}>
      <h2 class="unseen">Starred</h2>
      {stars.length > 0 && <StarredList stars={stars} />}
      {stars.length === 0 && next === undefined && (
        <Empty title={before === undefined ? 'You have not starred anything yet' : 'No older stars'}>
          <p>
            <a href="/explore/">Explore repositories</a>, and star the ones you want to find again.
          </p>
        </Empty>
      )}
      <Older path={STARRED} next={next} />
    </DashboardFrame>,
  );
};
