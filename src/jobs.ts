import type { Context, Needs } from './context';
import { forgetExpiredLinks } from './features/accounts/email-links';
import { tellExpiringTokens } from './features/accounts/expiry-notices';
import { accountMailJobs } from './features/accounts/mail-jobs';
import { forgetSessions } from './features/accounts/sessions';
import { forgetEvents } from './features/audit/audit';
import { bridgeJobs } from './features/bridge/jobs';
import { forgetBuilds } from './features/builds/forgetting';
import { buildJobs } from './features/builds/jobs';
import { sweepImages } from './features/images/sweeps';
import { forgetUploads } from './features/manifests/blob-uploads';
import { scrub } from './features/storage/scrub';
import { sweepStorage, type SweptStorage, type UnfinishedAges } from './features/storage/sweeps';
import { maintenanceJob } from './features/maintenance/run-job';
import { forgetMaintenance } from './features/maintenance/runs';
import { storageReportJob } from './features/maintenance/storage-report';
import { invitationMailJob } from './features/namespaces/invitation-mail';
import { forgetInvitations } from './features/namespaces/invitations';
import { forgetUnconfirmed } from './features/namespaces/unconfirmed';
import { forgetGrants } from './features/oauth/grants';
import { retentionJobs } from './features/retention/jobs';
import { forgetRetentionRuns } from './features/retention/runs';
import { finishDeletions } from './features/repositories/deletion';
import { forgetOpenings } from './features/repositories/last-opened';
import { forgetPushes } from './features/pushes/pushes';
import { forgetDeliveries } from './features/webhooks/deliveries';
import { webhookJobs } from './features/webhooks/jobs';
import { forgetOldCounts } from './platform/limits/failure-limiter';
import { forgetSources } from './features/statistics/counting';
import type { Job } from './platform/jobs/queue';

const HOUR_MS = 3_600_000;

/** Slow enough to go unnoticed; about 200 GB a night. */
const SCRUB = { bytesPerSecond: 10_000_000, olderThanMs: 7 * 24 * HOUR_MS, longestMs: 6 * HOUR_MS } as const;

/** Continues where the last night ended. */
async function scrubForANight(ctx: Context, stopping: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(SCRUB.longestMs)]);
  const { layers, bytes, damaged, restored } = await scrub(ctx, { ...SCRUB, signal });
  const removed = await ctx.blobs.sweepQuarantined(new Date(Date.now() - 24 * 30 * HOUR_MS));
  ctx.log.info({ layers, bytes, damaged: damaged.length, restored: restored.length, removed }, 'scrubbed');
}

/**
 * Removes what crashes, interrupted pushes and deleted repositories leave: first the rows that point to blobs, then the
 * blobs, and at last the uploads whose bytes are gone.
 *
 * @param olderThanMs - keeps everything that is younger than this
 * @param ages - how long unfinished writes are kept; undefined: the usual times
 */
export async function sweep(
  ctx: Needs<'db' | 'blobs' | 'log' | 'blobReferrers'>,
  olderThanMs: number,
  ages?: UnfinishedAges,
): Promise<SweptStorage & { readonly uploads: number }> {
  const images = await sweepImages(ctx, olderThanMs);
  const storage = await sweepStorage(ctx, olderThanMs, ages);
  // An upload without bytes cannot go on, so that it need not be old; accounts may have only so many.
  return { ...storage, uploads: images.uploads + (await forgetUploads(ctx, HOUR_MS)) };
}

/** What the server does in the background. */
export function jobsOf(ctx: Context): Job[] {
  return [
    {
      name: 'finish_deletions',
      schedule: '*/10 * * * *',
      run: () => finishDeletions(ctx, 24 * HOUR_MS),
    },
    {
      name: 'sweep',
      schedule: '17 * * * *',
      run: async () => {
        // An upload records each minute that its layer is still arriving.
        ctx.log.info(await sweep(ctx, 72 * HOUR_MS), 'swept');
        await forgetSessions(ctx);
        await forgetGrants(ctx);
        await forgetOpenings(ctx, 24 * 30 * HOUR_MS);
        await forgetPushes(ctx);
        await forgetDeliveries(ctx);
        await forgetOldCounts(ctx.db);
        await forgetExpiredLinks(ctx);
        await forgetUnconfirmed(ctx);
        await forgetInvitations(ctx);
        await forgetSources(ctx, 24 * 30 * HOUR_MS);
        await forgetMaintenance(ctx, 24 * ctx.settings.auditDays * HOUR_MS);
        await forgetRetentionRuns(ctx, 24 * ctx.settings.auditDays * HOUR_MS);
        await forgetBuilds(ctx, 24 * ctx.settings.auditDays * HOUR_MS);
      },
    },
    {
      name: 'tell_expiring_tokens',
      schedule: '29 * * * *',
      run: async (stopping) => {
        const tokens = await tellExpiringTokens(ctx, stopping);
        if (tokens > 0) ctx.log.info({ tokens }, 'owners of expiring tokens get a mail');
      },
    },
    {
      name: 'forget_events',
      schedule: '23 3 * * *',
      run: async () => {
        const forgotten = await forgetEvents(ctx, 24 * ctx.settings.auditDays * HOUR_MS);
        ctx.log.info({ forgotten }, 'the audit log was shortened');
      },
    },
    {
      name: 'scrub',
      schedule: '41 1 * * *',
      run: (stopping) => scrubForANight(ctx, stopping),
    },
    ...bridgeJobs(ctx),
    maintenanceJob(ctx),
    ...retentionJobs(ctx),
    storageReportJob(ctx),
    ...accountMailJobs(ctx),
    invitationMailJob(ctx),
    ...webhookJobs(ctx),
    ...buildJobs(ctx),
  ];
}
