import { Gauge, Registry } from 'prom-client';

/** A number, or one for each value of the figure's label. The values of labels are a fixed set. */
export type Values = number | Readonly<Record<string, number>>;

interface Figure {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
}

/** A figure of a process, read when the metrics are asked for. */
export interface ProcessFigure extends Figure {
  readonly kind: 'gauge' | 'counter';
  readonly read: () => Values;
}

/** A figure that is the same for all processes. */
export interface SiteFigure extends Figure {
  /** labels that do not change while the process runs */
  readonly labels?: Readonly<Record<string, string>>;
  /** undefined: unknown, and left out */
  readonly values: Values | undefined;
}

/** Sets the series of a metric. */
export function setValues(
  metric: { set(labels: Record<string, string>, value: number): void },
  label: string | undefined,
  values: Values,
): void {
  if (typeof values === 'number') metric.set({}, values);
  else
    for (const [key, value] of Object.entries(values)) metric.set(label === undefined ? {} : { [label]: key }, value);
}

/** The figures in Prometheus' text format. */
export async function siteText(figures: readonly SiteFigure[]): Promise<string> {
  const registry = new Registry();
  for (const { name, help, label, labels = {}, values } of figures) {
    if (values === undefined) continue;
    const labelNames = [...Object.keys(labels), ...(label === undefined ? [] : [label])];
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
    setValues({ set: (each, value) => gauge.set({ ...labels, ...each }, value) }, label, values);
  }
  return registry.metrics();
}
