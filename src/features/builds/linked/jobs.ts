import type { Needs } from '../../../context';
import type { Job } from '../../../platform/jobs/queue';
import { endUnlinked } from './tending';
import { TENDING_JOB } from './tending-queue';

/** The jobs of linked accounts that a server runs. */
export function linkedAccountJobs(ctx: Needs<'db' | 'log' | 'gitProviders'>): Job[] {
  return [
    {
      name: TENDING_JOB,
      schedule: '* * * * *',
      run: async () => {
        const accounts = await endUnlinked(ctx);
        if (accounts > 0) ctx.log.info({ accounts }, 'unlinked accounts have ended');
      },
    },
  ];
}
