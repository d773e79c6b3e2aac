import { z } from 'zod';
import type { Needs } from '../../context';
import { queuedJob, type Job } from '../../platform/jobs/queue';
import { BASE_UPDATED } from '../webhooks/push-deliveries';
import { linkedAccountJobs } from './linked/jobs';
import { startLinked } from './links';
import { tellBuildEndJob } from './notices';
import { returnStoppedBuilds } from './running';
import { startScheduled } from './schedules';

/** The jobs of builds that a server runs; `build` itself is for the builder process. */
export function buildJobs(ctx: Needs<'db' | 'log' | 'gitProviders' | 'publicUrl' | 'tokenKey'>): Job[] {
  return [
    {
      name: 'return_stopped_builds',
      schedule: '* * * * *',
      run: async () => {
        const builds = await returnStoppedBuilds(ctx);
        if (builds > 0) ctx.log.warn({ builds }, 'builders stopped during these builds');
      },
    },
    {
      name: 'start_scheduled_builds',
      schedule: '* * * * *',
      run: async () => {
        const builds = await startScheduled(ctx);
        if (builds > 0) ctx.log.info({ builds }, 'builds were queued by their schedule');
      },
    },
    queuedJob(BASE_UPDATED, z.object({ repositoryId: z.number() }), ({ repositoryId }) =>
      startLinked(ctx, repositoryId),
    ),
    tellBuildEndJob(ctx),
    ...linkedAccountJobs(ctx),
  ];
}
