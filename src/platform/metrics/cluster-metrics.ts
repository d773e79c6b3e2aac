import cluster from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';

/* A worker process that has to answer a request for metrics asks the primary, which gathers them from all workers. */

interface MetricsMessage {
  readonly kind: 'drydock metrics';
  readonly id: number;
  /** The id of the answer. */
  readonly text?: string;
}

const ANSWER_MS = 5000;

function isMetricsMessage(message: unknown): message is MetricsMessage {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'drydock metrics';
}

/** Lets this primary answer its workers' requests for the metrics of all. */
export function serveClusterMetrics(): void {
  const aggregator = new AggregatorRegistry();
  cluster.on('message', (worker, message: unknown) => {
    if (!isMetricsMessage(message)) return;
    aggregator.clusterMetrics().then(
      (text) => worker.send({ ...message, text }),
      () => worker.send({ ...message, text: '' }),
    );
  });
}

let lastId = 0;

/**
 * Returns the metrics of all workers, in Prometheus' text format; called by a worker.
 *
 * @throws Error when the primary does not answer
 */
export async function clusterMetrics(): Promise<string> {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      process.off('message', onMessage);
    };
    const timer = setTimeout(() => {
      finish();
      reject(new Error('the primary process did not answer'));
    }, ANSWER_MS);
    const onMessage = (message: unknown): void => {
      if (!isMetricsMessage(message) || message.id !== id) return;
      finish();
      resolve(message.text ?? '');
    };
    process.on('message', onMessage);
    process.send?.({ kind: 'drydock metrics', id } satisfies MetricsMessage);
  });
}
