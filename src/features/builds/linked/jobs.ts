import { z } from 'zod';
import type { Needs } from '../../../context';
import { queuedJob, type Job } from '../../../platform/jobs/queue';
import { addRemote, removeRemote } from './remotes';
import { ADD_JOB, REMOVE_JOB } from './remotes-queue';
import { reportForgotten, reportStatuses } from './statuses';
import { REPORT_JOB } from './statuses-queue';
import { tendLinkedAccounts } from './tending';
import { TENDING_JOB } from './tending-queue';

const ofRemote = z.object({ remoteId: z.number() });

/** The jobs of linked accounts that a server runs. */
export function linkedAccountJobs(ctx: Needs<'db' | 'log' | 'gitProviders' | 'publicUrl'>): Job[] {
  return [
    queuedJob(ADD_JOB, ofRemote, ({ remoteId }) => addRemote(ctx, remoteId)),
    queuedJob(REMOVE_JOB, ofRemote, ({ remoteId }) => removeRemote(ctx, remoteId)),
    queuedJob(REPORT_JOB, z.object({ buildId: z.number() }), ({ buildId }) => reportStatuses(ctx, buildId)),
    {
      name: TENDING_JOB,
      schedule: '* * * * *',
      run: async () => {
        await reportForgotten(ctx);
        const { abandoned, ...done } = await tendLinkedAccounts(ctx);
        if (abandoned > 0) ctx.log.warn({ abandoned }, 'hooks or deploy keys at providers could not be removed');
        if (done.removals + done.accounts > 0) ctx.log.info(done, 'unlinked accounts and removed sources are ended');
      },
    },
  ];
}
