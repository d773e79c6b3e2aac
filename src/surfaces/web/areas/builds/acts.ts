import type { Context } from '../../../../context';
import { cancelBuild, retryBuild, startBuilds } from '../../../../features/builds/starting';
import type { Build } from '../../../../features/builds/builds';
import { assertAdministered, type AdministeredRepository } from '../../../../features/repositories/access';
import type { WebHandler } from '../../access';
import { attempt, naming } from '../../problems';
import { redirect } from '../../reply';
import { repositoryAsked } from '../repository/repository-page';
import { buildIdIn, buildPath, buildsPath } from './build-parts';
import { historyPage } from './history';
import { startRequest, typedStart } from './start-form';

/* The buttons of the pages of builds, for administrators of the repository. */

function noticeFor(builds: readonly Build[]): string {
  const [first] = builds;
  if (builds.length === 1 && first !== undefined) return `Build ${first.id} of ${first.refName} waits for a builder.`;
  return `${builds.length} builds wait for a builder.`;
}

/** Starts builds: of all rules, one rule, or a branch or tag. */
export const postBuild: WebHandler<'member-form'> = async (ctx, { caller, params, query }) => {
  const repository = await repositoryAsked(ctx, caller, params);
  const administered = assertAdministered(repository.access);
  const typed = typedStart(caller.form);
  const { done, fault } = await attempt(() =>
    naming(() => startBuilds(ctx, administered, startRequest(typed), { noCache: typed.runsAll })),
  );
  if (fault !== undefined) return historyPage(ctx, caller, { repository, query, typed, fault });
  return redirect(caller, buildsPath(repository), { notice: noticeFor(done) });
};

type Act = (ctx: Context, repository: AdministeredRepository, id: number) => Promise<Build>;

function onBuild(act: Act, noticeOf: (build: Build) => string): WebHandler<'member-form'> {
  return async (ctx, { caller, params, query }) => {
    const repository = await repositoryAsked(ctx, caller, params);
    const administered = assertAdministered(repository.access);
    const { done, fault } = await attempt(() => act(ctx, administered, buildIdIn(params)));
    if (fault !== undefined) return historyPage(ctx, caller, { repository, query, fault });
    return redirect(caller, buildPath(repository, done), { notice: noticeOf(done) });
  };
}

export const postRetry = onBuild(retryBuild, ({ id }) => `Build ${id} waits for a builder.`);

export const postCancel = onBuild(cancelBuild, ({ id, state }) =>
  state === 'cancelled' ? `Build ${id} was cancelled.` : `Build ${id} ends in a moment.`,
);
