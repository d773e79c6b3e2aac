import cluster from 'node:cluster';
import { ignoreTermination, type Termination } from '../process/termination';

/*
 * The worker's side of the cluster. A worker ends when the primary says so, or when the primary is gone. It ignores
 * signals, because a terminal, systemd or `timeout` sends them to the whole process group, and a worker that obeyed one
 * would cut off the requests that the primary waits for.
 */

/** Whether a primary forked this process to answer requests. */
export const { isWorker: isWorkerProcess } = cluster;

/** What the primary tells a worker: the two requests of `Termination`. */
export interface StopMessage {
  readonly kind: 'drydock stop' | 'drydock hurry';
}

/** What a worker that cannot start reports to the primary. */
export interface FailureMessage {
  readonly kind: 'drydock failure';
  readonly message: string;
}

function kindOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'kind' in message ? message.kind : undefined;
}

/** Whether a message from a worker says why it cannot start. */
export function isFailureMessage(message: unknown): message is FailureMessage {
  return kindOf(message) === 'drydock failure';
}

function receiveStopMessages(): Termination {
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
 * Runs `work` in a worker process until the primary says stop, and then ends the process with `process.exitCode`. The
 * primary reports what `work` throws, once for all workers.
 */
export async function workForPrimary(work: (termination: Termination) => Promise<void>): Promise<never> {
  ignoreTermination();
  try {
    await work(receiveStopMessages());
  } catch (error) {
    await tell({ kind: 'drydock failure', message: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
  // An open channel to the primary would keep the process alive, and closing it would end the process with code 0.
  process.exit();
}
