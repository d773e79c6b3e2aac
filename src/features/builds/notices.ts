import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { queuedJob, type Job } from '../../platform/jobs/queue';
import { queueNotice, type Notice } from '../accounts/mail-queue';
import { displayName, repositoryPath } from '../repositories/names';
import { queueBuildDeliveries } from '../webhooks/build-deliveries';
import { commitUrl } from './commit-url';
import { TELL_JOB } from './notices-queue';
import * as store from './notices.store';

/*
 * Who gets a notice of the end of a build: webhooks that want to know, of each failure and of the success after failures; and by
 * mail the account that set up the source, when builds of a rule and ref begin to fail, and when they succeed again. If the
 * account may no longer administer the repository, the owners get the mail.
 */

const payload = z.object({ buildId: z.number(), turn: z.enum(['failed', 'failed_again', 'recovered']) });

const EVENTS = { failed: 'build_failed', failed_again: 'build_failed', recovered: 'build_recovered' } as const;

type Telling = Needs<'db' | 'tokenKey' | 'publicUrl'>;

function commitLine({ commit_hash: hash, commit_message: message }: store.EndedBuildRow): string {
  if (hash === null) return 'Its commit is not known.';
  const [first = ''] = (message ?? '').split('\n');
  return `It was the commit ${hash.slice(0, 12)}${first === '' ? '' : `: ${first.slice(0, 200)}`}`;
}

function noticeOf(build: store.EndedBuildRow, turn: 'failed' | 'recovered'): Notice {
  const repository = displayName(build);
  const of = `${build.ref_type} ${build.ref_name} of ${repository}`;
  const why = build.error ?? 'No reason was recorded.';
  return turn === 'failed'
    ? {
        subject: `A build of ${repository} failed`,
        paragraphs: [
          `Build ${build.id} of the ${of} failed: ${why}`,
          commitLine(build),
          'Here is its log:',
          { path: pageOf(build) },
          'There will be no mail about further failures, but one when a build succeeds again. Mails can be turned off in the build settings of the repository.',
        ],
      }
    : {
        subject: `Builds of ${repository} succeed again`,
        paragraphs: [
          `Build ${build.id} of the ${of} succeeded, after failures. Its image is tagged ${build.tag}.`,
          commitLine(build),
          { path: pageOf(build) },
        ],
      };
}

const pageOf = (build: store.EndedBuildRow): string => repositoryPath(build, `builds/${build.id}/`);

/** The member `build` of the payload of a delivery. */
function factsOf(ctx: Telling, build: store.EndedBuildRow): object {
  const { commit_hash: hash, provider, clone_url: cloneUrl } = build;
  return {
    id: build.id,
    state: build.state,
    cause: build.cause,
    ref_type: build.ref_type,
    ref_name: build.ref_name,
    commit: hash === null ? null : { hash, message: build.commit_message ?? '', author: build.commit_author ?? '' },
    commit_url: hash === null ? null : (commitUrl({ provider, cloneUrl }, hash) ?? null),
    tag: build.tag,
    digest: build.digest,
    error: build.error,
    date_started: build.started_at?.toISOString() ?? null,
    date_finished: build.finished_at?.toISOString() ?? null,
    url: ctx.publicUrl.of(pageOf(build)),
  };
}

/** The deliveries of one end have one id, so that each is queued once if the job runs twice. */
function runOf(buildId: number): string {
  const hex = createHash('sha256').update(`drydock build ${buildId}`).digest('hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

async function tell(ctx: Telling, { buildId, turn }: z.infer<typeof payload>): Promise<void> {
  const build = await store.findEnded(ctx.db, buildId);
  if (build === undefined) return;
  const event = { event: EVENTS[turn], run: runOf(buildId), build: factsOf(ctx, build) };
  await inTransaction(ctx.db, async (tx) => {
    await queueBuildDeliveries(ctx, tx, build.repository_id, event);
    if (turn === 'failed_again' || !build.mails_failures) return;
    for (const userId of build.told) await queueNotice(tx, userId, noticeOf(build, turn));
  });
}

/** The job that tells of the end of a build. */
export function tellBuildEndJob(ctx: Telling): Job {
  return queuedJob(TELL_JOB, payload, (given) => tell(ctx, given));
}
