import type { Context } from './context';
import { sweep } from './features/images/sweeps';
import { finishDeletions } from './features/repositories/deletion';
import { forgetOpenings } from './features/repositories/openings';
import type { Job } from './platform/jobs/worker';

const HOUR_MS = 3_600_000;

function ago(hours: number): Date {
  return new Date(Date.now() - hours * HOUR_MS);
}

/** What the server does behind the requests. */
export function jobsOf(ctx: Context): Job[] {
  return [
    {
      name: 'finish_deletions',
      schedule: '*/10 * * * *',
      run: () => finishDeletions(ctx, ago(24)),
    },
    {
      name: 'sweep',
      schedule: '17 * * * *',
      run: async () => {
        // A layer may take a day to arrive, and its upload is touched only at both ends.
        ctx.log.info(await sweep(ctx, ago(72)), 'swept');
        await forgetOpenings(ctx, ago(24 * 30));
      },
    },
  ];
}
