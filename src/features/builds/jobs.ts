import type { Needs } from '../../context';
import type { Job } from '../../platform/jobs/queue';
import { returnStoppedBuilds } from './running';

/** The jobs of builds that a server runs; `build` itself is for the builder process. */
export function buildJobs(ctx: Needs<'db' | 'log'>): Job[] {
  return [
    {
      name: 'return_stopped_builds',
      schedule: '* * * * *',
      run: async () => {
        const builds = await returnStoppedBuilds(ctx);
        if (builds > 0) ctx.log.warn({ builds }, 'builders stopped during these builds');
      },
    },
  ];
}
