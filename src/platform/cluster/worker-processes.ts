import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log/logger';
import { serveClusterMetrics } from '../metrics/cluster-metrics';
import { UncleanStop } from '../process/termination';
import { isFailureMessage, type StopMessage } from './worker-process';

/*
 * A process uses only one core. The primary forks workers that run the same command and share the port; it does not
 * listen itself. A worker that dies is replaced, unless it never started at all.
 *
 * The workers accept connections from the port themselves. With Node's default, in which the primary distributes them,
 * the rate falls by a third when each request has a connection of its own, as with old engines, and a connection that
 * is handed to a dying worker is never answered.
 */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** A worker that ends sooner than this counts as failed to start, even if it listened for a moment. */
const SETTLED_MS = 10_000;

/** After this many failures in a row, while no other worker listens, the server gives up. */
const LAST_FAILURE = 5;

/** How long a worker may take to stop after it should have cut off its last request. */
const STOP_GRACE_MS = 30_000;

/** Worker processes that answer requests. */
export interface WorkerProcesses {
  readonly url: string;
  /** Rejects when no worker is left and none can be started; never resolves. */
  readonly failed: Promise<never>;
  /**
   * Lets all workers finish the requests in flight, and waits for the workers to end.
   *
   * @param hurry - makes them cut off the requests
   * @throws UncleanStop when a worker cut off a request, or did not end by itself
   */
  stop(hurry: AbortSignal): Promise<void>;
}

class WorkerSet {
  readonly failed: Promise<never>;
  private fail: (error: Error) => void = () => undefined;
  private readonly stopping = new AbortController();
  private listening = 0;
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly log: Logger,
    private readonly drainMs: number,
  ) {
    this.failed = new Promise((_resolve, reject) => (this.fail = reject));
    this.failed.catch(() => undefined); // also if nobody waits for it
  }

  /** Forks a worker; resolves to its port as soon as it listens. */
  async start(failures = 0): Promise<number> {
    const worker = cluster.fork();
    // A worker that has to stop at the moment of its end cannot receive the message.
    worker.on('error', (error) => this.log.debug({ err: error }, 'a worker process did not hear the primary'));
    let failure = 'a worker process ended before it listened';
    worker.on('message', (message: unknown) => {
      if (isFailureMessage(message)) failure = message.message;
    });
    const listening = once(worker, 'listening') as Promise<[{ port: number }]>;
    const exited = once(worker, 'exit') as Promise<[number | null]>;
    const [first] = await Promise.race([listening, exited]);
    if (first === null || typeof first === 'number') throw new Error(failure);
    this.listening += 1;
    const since = performance.now();
    worker.once('exit', (code: number | null, signal: string | null) => {
      this.listening -= 1;
      if (this.isStopping()) return;
      this.log.error(
        { worker: worker.process.pid, reason: code ?? signal },
        'a worker process ended; starting another',
      );
      void this.replace(performance.now() - since < SETTLED_MS ? failures + 1 : 0);
    });
    return first.port;
  }

  /** Tries again and again, with growing delays. */
  private async replace(failuresBefore: number): Promise<void> {
    for (let failures = failuresBefore; ; failures += 1) {
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures));
      if (this.isStopping()) return;
      try {
        await this.start(failures);
        return;
      } catch (error) {
        if (this.isStopping()) return;
        const reason = error instanceof Error ? error.message : String(error);
        this.log.error({ reason, failures: failures + 1 }, 'could not start another worker process, will try again');
        if (this.listening > 0 || failures + 1 < LAST_FAILURE) continue;
        this.fail(new Error(`No worker process is left, and another one does not start: ${reason}`));
        return;
      }
    }
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** May be called again. */
  stop(hurry: AbortSignal): Promise<void> {
    return (this.stopped ??= this.drain(hurry));
  }

  private async drain(hurry: AbortSignal): Promise<void> {
    this.stopping.abort();
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const ends = await Promise.all(workers.map((worker) => this.end(worker, hurry)));
    const unclean = ends.filter((code) => code !== 0).length;
    if (unclean === 0) return;
    throw new UncleanStop(`${unclean} of ${workers.length} worker processes did not stop cleanly`);
  }

  /** Resolves to the exit code of a worker. */
  private async end(worker: Worker, hurry: AbortSignal): Promise<number | null> {
    if (worker.isDead()) return worker.process.exitCode;
    const tell = (message: StopMessage): void => void worker.send(message, () => undefined);
    const onHurry = (): void => tell({ kind: 'drydock hurry' });
    const exited = once(worker, 'exit') as Promise<[number | null]>;
    const timer = setTimeout(() => {
      this.log.error({ worker: worker.process.pid }, 'a worker process does not stop, it is killed');
      worker.process.kill('SIGKILL');
    }, this.drainMs + STOP_GRACE_MS);
    tell({ kind: 'drydock stop' });
    if (hurry.aborted) onHurry();
    hurry.addEventListener('abort', onHurry);
    const [code] = await exited;
    hurry.removeEventListener('abort', onHurry);
    clearTimeout(timer);
    return code;
  }
}

/**
 * Starts worker processes and waits until all of them listen.
 *
 * @param options.drainMs - how long they may take to finish the requests in flight
 * @param options.urlOf - the URL for the port that they share
 * @param options.stopping - aborts a start that is in progress
 * @throws Error when a worker cannot start, or when it has to stop before it listens
 */
export async function startWorkerProcesses(
  count: number,
  log: Logger,
  options: { drainMs: number; urlOf: (port: number) => string; stopping: AbortSignal },
): Promise<WorkerProcesses> {
  const { drainMs, urlOf, stopping } = options;
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  serveClusterMetrics();
  const workers = new WorkerSet(log, drainMs);
  const patience = new AbortController().signal;
  const endEarly = (): void => void workers.stop(patience).catch(() => undefined);
  stopping.addEventListener('abort', endEarly);
  const starts = await Promise.allSettled(Array.from({ length: count }, () => workers.start()));
  stopping.removeEventListener('abort', endEarly);
  const port = starts.find((result) => result.status === 'fulfilled')?.value;
  const failure = starts.find((result) => result.status === 'rejected');
  if (port === undefined || failure !== undefined) {
    await workers.stop(patience).catch(() => undefined);
    throw failure?.reason instanceof Error ? failure.reason : new Error('no worker process listens');
  }
  return { url: urlOf(port), failed: workers.failed, stop: (hurry) => workers.stop(hurry) };
}
