import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../platform/errors';
import type { Job } from '../../platform/jobs/queue';
import type { GcNeeds } from '../images/gc';
import { MAINTENANCE_JOB } from './job-name';
import * as store from './runs.store';
import { renewStorageReport } from './storage-report';
import { work } from './work';

const BEAT_MS = 2000;

/** The two ways to end a run early: an administrator cancels it, or the process stops. */
interface Ends {
  readonly cancelled: AbortController;
  readonly stopping: AbortSignal;
}

/** Records signs of life and the progress until `over`. The same query reads whether the run was cancelled. */
async function beat(
  ctx: GcNeeds,
  run: store.RunRow,
  progressNow: () => object,
  { cancelled, over, beatMs }: { cancelled: AbortController; over: AbortSignal; beatMs: number },
): Promise<void> {
  while (!over.aborted) {
    try {
      if (!(await store.touch(ctx.db, run.id, progressNow()))) cancelled.abort();
    } catch (error) {
      ctx.log.warn({ err: error, run: run.id }, 'could not record the progress of a maintenance run');
    }
    await sleep(beatMs, undefined, { signal: over }).catch(() => undefined);
  }
}

/** The end of a run that threw. Administrators get no internal details either: these are in the log. */
function endOf(
  ctx: GcNeeds,
  run: store.RunRow,
  error: unknown,
  { cancelled, stopping }: Ends,
): Omit<store.RunEnd, 'progress'> {
  if (cancelled.signal.aborted) return { state: 'cancelled' };
  if (stopping.aborted) return { state: 'broken_off', error: 'The server stopped during the run: start it again' };
  ctx.log.error({ err: error, run: run.id, kind: run.kind }, 'a maintenance run failed');
  const reason = error instanceof AppError ? error.message : 'Something went wrong';
  return { state: 'failed', error: `${reason}. See the server's log for run ${run.id}` };
}

async function runOne(ctx: GcNeeds, run: store.RunRow, stopping: AbortSignal, beatMs: number): Promise<void> {
  const [cancelled, over] = [new AbortController(), new AbortController()];
  let progress: object = {};
  const beating = beat(ctx, run, () => progress, { cancelled, over: over.signal, beatMs });
  const watch = {
    signal: AbortSignal.any([stopping, cancelled.signal]),
    onProgress: (now: object): void => {
      progress = now;
    },
  };
  const doer = { userId: undefined, name: run.requested_by, address: 'job' };
  const end = await work(ctx, run.kind, doer, watch).then(
    (result): Omit<store.RunEnd, 'progress'> => ({ state: 'finished', result }),
    (error: unknown) => endOf(ctx, run, error, { cancelled, stopping }),
  );
  over.abort();
  await beating;
  await renewStorageReport(ctx).catch((error: unknown) => {
    ctx.log.warn({ err: error, run: run.id }, 'could not count the storage after a maintenance run');
  });
  await store.finish(ctx.db, run.id, { ...end, progress });
}

/**
 * Processes the runs that wait, one after the other. Only one such job runs at a time, so any other run that seems to
 * be running has died. A failed run is not repeated.
 *
 * @param beatMs - how often a run gives a sign of life, and checks whether it was cancelled
 */
export function maintenanceJob(ctx: GcNeeds, beatMs = BEAT_MS): Job {
  return {
    name: MAINTENANCE_JOB,
    isAlone: true,
    run: async (stopping) => {
      await store.breakOffDead(ctx.db, true);
      while (!stopping.aborted) {
        const run = await store.begin(ctx.db);
        if (run === undefined) return;
        await runOne(ctx, run, stopping, beatMs);
      }
      // Runs that still wait must not be lost: a job that throws is run again.
      throw new Error('the process is stopping; another will continue');
    },
  };
}
