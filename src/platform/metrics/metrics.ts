import cluster from 'node:cluster';
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { clusterMetrics } from './cluster-metrics';
import { setValues, siteText, type ProcessFigure, type SiteFigure } from './figures';

/** The metrics of the process, for Prometheus. */
export class Metrics {
  private readonly registry = new Registry();
  readonly contentType = this.registry.contentType;

  private readonly duration = new Histogram({
    name: 'drydock_http_request_duration_seconds',
    help: 'How long requests took, from the head to the end of the answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers: [this.registry],
  });

  private readonly received = new Counter({
    name: 'drydock_http_received_bytes_total',
    help: 'Bytes that came in over connections, as requests ended',
    registers: [this.registry],
  });

  private readonly sent = new Counter({
    name: 'drydock_http_sent_bytes_total',
    help: 'Bytes that went out over connections, as requests ended',
    registers: [this.registry],
  });

  private readSite: () => Promise<readonly SiteFigure[]> = () => Promise.resolve([]);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    if (cluster.isWorker) {
      AggregatorRegistry.setRegistries([this.registry]);
      new AggregatorRegistry(); // this object answers the primary
    }
  }

  /**
   * Counts a request that ended.
   *
   * @param request.route - the route's pattern, never the path: the number of series must be bounded
   */
  observe(request: {
    method: string;
    route: string;
    status: number;
    seconds: number;
    receivedBytes: number;
    sentBytes: number;
  }): void {
    const { method, route, status, seconds } = request;
    this.duration.observe({ method, route, status: String(status) }, seconds);
    this.received.inc(request.receivedBytes);
    this.sent.inc(request.sentBytes);
  }

  /** Adds figures of this process; those of worker processes are summed. */
  watchProcess(figures: readonly ProcessFigure[]): void {
    for (const { name, help, kind, label, read } of figures) {
      const labelNames = label === undefined ? [] : [label];
      const registers = [this.registry];
      const facts = { name, help, labelNames, registers };
      if (kind === 'gauge') {
        const gauge: Gauge = new Gauge({ ...facts, collect: () => setValues(gauge, label, read()) });
      } else {
        const add = { set: (labels: Record<string, string>, value: number) => counter.inc(labels, value) };
        const collect = (): void => {
          counter.reset();
          setValues(add, label, read());
        };
        const counter: Counter = new Counter({ ...facts, collect });
      }
    }
  }

  /** Adds figures that are the same in all processes, which the process that is asked reads. */
  watchSite(read: () => Promise<readonly SiteFigure[]>): void {
    this.readSite = read;
  }

  /** All metrics, of all worker processes, in Prometheus' text format. */
  async text(): Promise<string> {
    const processes = cluster.isWorker ? clusterMetrics() : this.registry.metrics();
    const [own, site] = await Promise.all([processes, this.readSite().then(siteText)]);
    return `${own.trimEnd()}\n\n${site}`;
  }
}
