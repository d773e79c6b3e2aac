import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../platform/errors';
import type { Job } from '../../platform/jobs/queue';
import type { BlobNeeds } from '../storage/blobs';
import { MAINTENANCE_JOB } from './job-name';
import * as store from './runs.store';
import { work } from './work';

const BEAT_MS = 2000;

/** Who may end a run early: an administrator, or the process that stops. */
interface Ends {
  readonly cancelled: AbortController;
  readonly stopping: AbortSignal;
}

/** Gives signs of life, with the progress, until `over`; hears from the same row that the run was cancelled. */
async function beat(
  ctx: BlobNeeds,
  run: store.RunRow,
  progressNow: () => object,
  { cancelled, over, beatMs }: { cancelled: AbortController; over: AbortSignal; beatMs: number },
): Promise<void> {
  while (!over.aborted) {
    try {
      if (!(await store.touch(ctx.db, run.id, progressNow()))) cancelled.abort();
    } catch (error) {
      ctx.log.warn({ err: error, run: run.id }, 'the progress of a maintenance run could not be written');
    }
    await sleep(beatMs, undefined, { signal: over }).catch(() => undefined);
  }
}

/** What a run came to that threw. Administrators are told no more than others of what is inside: that is in the log. */
function endOf(
  ctx: BlobNeeds,
  run: store.RunRow,
  error: unknown,
  { cancelled, stopping }: Ends,
): Omit<store.RunEnd, 'progress'> {
  if (cancelled.signal.aborted) return { state: 'cancelled' };
  if (stopping.aborted) return { state: 'broken_off', error: 'The server stopped while it ran; start it again' };
  ctx.log.error({ err: error, run: run.id, kind: run.kind }, 'a maintenance run failed');
  const reason = error instanceof AppError ? error.message : 'Something went wrong';
  return { state: 'failed', error: `${reason}. The log of the server has more about run ${run.id}` };
}

async function runOne(ctx: BlobNeeds, run: store.RunRow, stopping: AbortSignal, beatMs: number): Promise<void> {
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
  await store.finish(ctx.db, run.id, { ...end, progress });
}

/**
 * Works off the runs that wait, one after the other. It runs alone, so whatever else seems to run has died. A run that
 * fails is not begun again by itself.
 *
 * @param beatMs - how often a run gives a sign of life, and hears that it was cancelled
 */
export function maintenanceJob(ctx: BlobNeeds, beatMs = BEAT_MS): Job {
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
      // Those that still wait must not be forgotten: a job that throws is run again.
      throw new Error('the process stops; another goes on');
    },
  };
}
