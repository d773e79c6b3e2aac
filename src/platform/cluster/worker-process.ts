import cluster from 'node:cluster';
import { ignoreTermination, type Termination } from '../process/termination';

/*
 * The side of a worker process. It ends when the primary says so, or when the primary is gone: signals go to the whole
 * process group when a terminal, systemd or `timeout` sends them, and a worker that obeyed one would cut off what the
 * primary waits for.
 */

/** This process was forked by a primary to answer requests. */
export const { isWorker: isWorkerProcess } = cluster;

/** What the primary tells a worker: the two wishes of `Termination`. */
export interface StopMessage {
  readonly kind: 'drydock stop' | 'drydock hurry';
}

/** What a worker that cannot start tells the primary. */
export interface FailureMessage {
  readonly kind: 'drydock failure';
  readonly message: string;
}

function kindOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'kind' in message ? message.kind : undefined;
}

/** Whether a message of a worker says why it cannot start. */
export function isFailureMessage(message: unknown): message is FailureMessage {
  return kindOf(message) === 'drydock failure';
}

function takePrimarysWord(): Termination {
  const stopping = new AbortController();
  const hurry = new AbortController();
  process.on('message', (message: unknown) => {
    const kind = kindOf(message);
    if (kind === 'drydock stop') stopping.abort(new Error('requested by the primary process'));
    if (kind === 'drydock hurry') hurry.abort(new Error('the primary process wants to stop immediately'));
  });
  return { stopping: stopping.signal, hurry: hurry.signal };
}

async function tell(message: FailureMessage): Promise<void> {
  await new Promise((resolve) => process.send?.(message, resolve));
}

/**
 * What a worker process does: `work`, until the primary says stop, and then it ends, with `process.exitCode`. What it
 * throws is the primary's to tell, once for all workers.
 */
export async function workForPrimary(work: (termination: Termination) => Promise<void>): Promise<never> {
  ignoreTermination();
  try {
    await work(takePrimarysWord());
  } catch (error) {
    await tell({ kind: 'drydock failure', message: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
  // The channel to the primary would keep it alive, and to leave it would end the process with 0.
  process.exit();
}
