import { setTimeout as sleep } from 'node:timers/promises';
import type { Needs } from '../../context';
import type { Job } from '../../platform/jobs/queue';
import { MAINTENANCE_JOB } from './job-name';
import * as store from './runs.store';
import { work } from './work';

const BEAT_MS = 2000;

type Ctx = Needs<'db' | 'blobs' | 'log'>;

async function runOne(ctx: Ctx, run: store.RunRow, stopping: AbortSignal): Promise<void> {
  const [cancelled, over] = [new AbortController(), new AbortController()];
  const signal = AbortSignal.any([stopping, cancelled.signal]);
  let progress: object = {};
  const beat = async (): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        if (!(await store.touch(ctx.db, run.id, progress))) cancelled.abort();
      } catch (error) {
        ctx.log.warn({ err: error, run: run.id }, 'the progress of a maintenance run could not be written');
      }
      await sleep(BEAT_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  };
  const beating = beat();
  const onProgress = (now: object): void => {
    progress = now;
  };
  const doer = { userId: undefined, name: run.requested_by, address: 'job' };
  const endOf = async (): Promise<{ state: store.MaintenanceState; result?: object; error?: string }> => {
    try {
      const result = await work(ctx, run.kind, doer, { signal, onProgress });
      if (!signal.aborted) return { state: 'finished', result };
    } catch (error) {
      if (!signal.aborted) {
        ctx.log.error({ err: error, run: run.id, kind: run.kind }, 'a maintenance run failed');
        return { state: 'failed', error: error instanceof Error ? error.message : String(error) };
      }
    }
    if (cancelled.signal.aborted) return { state: 'cancelled' };
    return { state: 'broken_off', error: 'The server stopped while it ran' };
  };
  const { state, result, error } = await endOf();
  over.abort();
  await beating;
  await store.finish(ctx.db, run.id, { state, progress, result, error });
}

/** Works off the runs that wait, one after the other. It runs alone, so whatever else seems to run has died. */
export function maintenanceJob(ctx: Ctx): Job {
  return {
    name: MAINTENANCE_JOB,
    isAlone: true,
    run: async (stopping) => {
      await store.breakOffDead(ctx.db, true);
      while (!stopping.aborted) {
        const run = await store.begin(ctx.db);
        if (run === undefined) return;
        await runOne(ctx, run, stopping);
      }
      // Those that still wait must not be forgotten: a job that throws is run again.
      throw new Error('the process stops; another goes on');
    },
  };
}
