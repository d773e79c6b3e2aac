import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, type RunnerOptions, type WorkerEvents } from 'graphile-worker';

/** A runner of the queue. */
export interface StartedRunner {
  /** Resolves when it was stopped and its jobs have ended; rejects when they have ended because it was lost. */
  readonly ended: Promise<void>;
  /** Takes no more jobs. Rejects when the runner is already lost. */
  stop(): Promise<void>;
}

const JOBS_HAVE_ENDED = [
  'pool:gracefulShutdown:complete',
  'pool:forcefulShutdown:complete',
  'pool:forcefulShutdown:error',
] as const;

/** How long a lost runner may take to mark its last jobs. */
const MARKING_MS = 1000;

/** Rejects when a runner could not mark a job as done or failed, which is its end, and its other jobs have ended. */
async function whenLost(events: WorkerEvents): Promise<never> {
  const jobsHaveEnded = Promise.race(JOBS_HAVE_ENDED.map((name) => once(events, name)));
  const [{ error }] = (await once(events, 'pool:fatalError')) as [{ readonly error: unknown }];
  await jobsHaveEnded;
  await sleep(MARKING_MS);
  throw error;
}

/**
 * Starts a runner whose end can be seen. The library's own promise may never settle: its count of the jobs that are being
 * marked is wrong once two of them could not be marked, so it waits for ever for the others
 * (see `batch` in https://github.com/graphile/worker/issues/636).
 *
 * @param options.events - of this runner alone
 */
export async function startRunner(options: RunnerOptions & { readonly events: WorkerEvents }): Promise<StartedRunner> {
  const lost = whenLost(options.events);
  const runner = await run(options);
  // What is left of it would add the jobs of the schedule. If it has ended by itself, there is nothing to stop.
  lost.catch(() => runner.stop().catch(() => undefined));
  return { ended: Promise.race([runner.promise, lost]), stop: () => runner.stop() };
}
