import type { Needs } from '../../../context';
import { AppError } from '../../../platform/errors';
import type { CommitState } from '../../../platform/providers/git-provider';
import { ProviderError } from '../../../platform/providers/provider-error';
import { repositoryPath } from '../../repositories/names';
import type { BuildState } from '../builds.store';
import { callProvider } from './provider-calls';
import { queueReport } from './statuses-queue';
import * as store from './statuses.store';

/*
 * Statuses of commits at the provider. A job reads the state of the build when it runs, so that it reports the newest one
 * whatever happened to the jobs before it.
 */

type Reporting = Needs<'db' | 'log' | 'gitProviders' | 'publicUrl'>;

const STATES: Record<BuildState, CommitState> = {
  queued: 'pending',
  building: 'running',
  success: 'success',
  error: 'failure',
  cancelled: 'error',
};

const SENTENCES: Record<CommitState, string> = {
  pending: 'The build waits for a builder',
  running: 'The build runs',
  success: 'The image was built',
  failure: 'The build failed',
  error: 'The build was cancelled',
  superseded: 'Not built, because a newer commit was',
};

/** A change of the state while its status is sent is rare; more of them than this are left to the next job. */
const ROUNDS = 4;

/** What the provider should know, and of which build: one that was left out has the result of the one before it. */
function wantedOf(row: store.StatusRow): { readonly state: CommitState; readonly build: number } {
  if (row.is_superseded) return { state: 'superseded', build: row.build_id };
  if (row.state === 'cancelled' && row.built_by !== null && row.built_state !== null)
    return { state: STATES[row.built_state], build: row.built_by };
  return { state: STATES[row.state], build: row.build_id };
}

function pageOf(ctx: Reporting, { namespace, name }: store.StatusRow, build: number): string {
  return ctx.publicUrl.of(repositoryPath({ namespace, name }, `builds/${build}/`));
}

async function report(ctx: Reporting, row: store.StatusRow): Promise<void> {
  const { state, build } = wantedOf(row);
  const status = {
    commit: row.commit_hash,
    state,
    context: row.context,
    url: pageOf(ctx, row, build),
    description: SENTENCES[state],
  };
  try {
    await callProvider(ctx, row.linked_account_id, ({ provider, token }) =>
      provider.setStatus(token, row.remote_repository, status),
    );
    await store.setReported(ctx.db, row, state);
  } catch (error) {
    const isFinal = error instanceof ProviderError && error.failure !== 'limited' && error.failure !== 'unreachable';
    if (!isFinal && !(error instanceof AppError && error.code === 'closed')) throw error;
    await store.setReported(ctx.db, row, state, error.message);
    ctx.log.info({ build: row.build_id, reason: error.message }, 'the provider does not take the status of a commit');
  }
}

/** Reports the state of a build. A failure that may pass is thrown, so that the job is run again. */
export async function reportStatuses(ctx: Reporting, buildId: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const rows = await store.list(ctx.db, buildId);
    const open = rows.filter((row) => !row.is_old && row.reported !== wantedOf(row).state);
    if (open.length === 0) return;
    for (const row of open) await report(ctx, row);
  }
}

/** Before a source is forgotten: its builds that waited were cancelled, and no commit may go on waiting for them. */
export async function reportCancelled(ctx: Reporting, remoteId: number): Promise<void> {
  for (const build of await store.listOpenOf(ctx.db, remoteId)) await reportStatuses(ctx, build);
}

/** Has the states of builds reported that ended without a job, such as when their rule was removed. @returns how many */
export async function reportForgotten(ctx: Needs<'db'>): Promise<number> {
  const builds = await store.listForgotten(ctx.db);
  for (const build of builds) await queueReport(ctx.db, build);
  return builds.length;
}
