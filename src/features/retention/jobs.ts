import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { enqueue, type Job } from '../../platform/jobs/queue';
import { carryOutNext } from './run';
import { RETENTION_JOB } from './runs';
import * as store from './runs.store';

/**
 * The jobs of retention: each day, one adds a run for every repository with a policy; the other carries out the runs that
 * wait, one after the other. It runs alone, so what seems to be running at its start was left by a process that died.
 */
export function retentionJobs(ctx: Needs<'db' | 'log'>): Job[] {
  return [
    {
      name: 'retention_daily',
      schedule: '29 2 * * *',
      run: () =>
        inLongTransaction(ctx.db, async (tx) => {
          await store.insertForAll(tx);
          await enqueue(tx, RETENTION_JOB, {}, { key: RETENTION_JOB });
        }),
    },
    {
      name: RETENTION_JOB,
      isAlone: true,
      run: async (stopping) => {
        await store.requeueRunning(ctx.db);
        while (await carryOutNext(ctx, stopping));
      },
    },
  ];
}
