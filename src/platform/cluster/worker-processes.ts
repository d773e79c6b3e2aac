import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from '../log/logger';
import { serveClusterMetrics } from '../metrics/cluster-metrics';

/*
 * One process computes on one core. The primary forks workers that run the same command and share the port; it listens
 * to nothing itself. A worker that dies is replaced, unless it never came up at all.
 *
 * The workers take connections from the port themselves. Node's default, a primary that hands them out, costs a third of
 * the rate where each request has a connection of its own, as those of old engines have, and a connection that is handed
 * to a worker in the moment of its death is never answered.
 */

/** This process was forked by a primary to answer requests. */
export const { isWorker: isWorkerProcess } = cluster;

interface FailureMessage {
  readonly kind: 'drydock failure';
  readonly message: string;
}

function isFailureMessage(message: unknown): message is FailureMessage {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'drydock failure';
}

/**
 * What a worker process does: `work`, and then it leaves the primary, whose channel would keep it alive. What it throws
 * is the primary's to tell, once for all workers.
 */
export async function workForPrimary(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.send?.({ kind: 'drydock failure', message } satisfies FailureMessage);
    process.exitCode = 1;
  } finally {
    process.disconnect();
  }
}

const RESTART_PAUSE_MS = 500;

class WorkerSet {
  private isStopping = false;
  private stopped: Promise<void> | undefined;

  constructor(private readonly log: Logger) {}

  /** Forks a worker; resolves to its port once it listens. */
  async start(): Promise<number> {
    const worker = cluster.fork();
    let failure = 'a worker process ended before it listened';
    worker.on('message', (message: unknown) => {
      if (isFailureMessage(message)) failure = message.message;
    });
    const listening = once(worker, 'listening') as Promise<[{ port: number }]>;
    const exited = once(worker, 'exit') as Promise<[number | null]>;
    const [first] = await Promise.race([listening, exited]);
    if (first === null || typeof first === 'number') throw new Error(failure);
    worker.once('exit', (code: number | null, signal: string | null) => {
      this.replace(worker, code ?? signal);
    });
    return first.port;
  }

  private replace(worker: Worker, reason: number | string | null): void {
    if (this.isStopping) return;
    this.log.error({ worker: worker.process.pid, reason }, 'a worker process ended; starting another');
    setTimeout(() => {
      if (this.isStopping) return;
      this.start().catch((error: unknown) => {
        this.log.error({ err: error }, 'could not start another worker process');
        this.replace(worker, 'not started');
      });
    }, RESTART_PAUSE_MS);
  }

  /** Lets all workers drain and waits for their end. May be called again: a second signal would cut them off. */
  stop(): Promise<void> {
    return (this.stopped ??= this.drain());
  }

  private async drain(): Promise<void> {
    this.isStopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(
      workers.map(async (worker) => {
        const exited = once(worker, 'exit');
        worker.process.kill('SIGTERM');
        await exited;
      }),
    );
  }
}

/**
 * Starts worker processes and waits until all of them listen.
 *
 * @param urlOf - the URL for the port that they share
 * @param stopping - ends a start that is under way
 * @throws Error when one of them cannot start, or is told to stop before
 */
export async function startWorkerProcesses(
  count: number,
  log: Logger,
  urlOf: (port: number) => string,
  stopping: AbortSignal,
): Promise<{ url: string; stop(): Promise<void> }> {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  serveClusterMetrics();
  const workers = new WorkerSet(log);
  const endEarly = (): void => void workers.stop();
  stopping.addEventListener('abort', endEarly);
  const ports = await Promise.allSettled(Array.from({ length: count }, () => workers.start()));
  stopping.removeEventListener('abort', endEarly);
  const port = ports.find((result) => result.status === 'fulfilled')?.value;
  const failure = ports.find((result) => result.status === 'rejected');
  if (port === undefined || failure !== undefined) {
    await workers.stop();
    throw failure?.reason instanceof Error ? failure.reason : new Error('no worker process listens');
  }
  return { url: urlOf(port), stop: () => workers.stop() };
}
