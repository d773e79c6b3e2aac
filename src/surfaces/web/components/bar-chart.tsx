import type { View } from '../view';
import { coordinate, Figure } from './figure';

const WIDTH = 900;
const HEIGHT = 200;
const LINES = 4;
/** The height of the lowest bar: a day with a few pulls must be visible next to a day with thousands. */
const LOWEST = 2;

/** The next number of one digit and zeros, for the top of the chart. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((top) => top >= value) ?? value;
}

/** A bar of a chart. */
export interface Bar {
  readonly value: number;
  /** shown on hover */
  readonly title: string;
  /** 1 by default */
  readonly series?: number;
}

/**
 * A chart of bars. Its labels are outside the drawing, so that it can be as wide as the page. A table next to it must
 * list the same.
 */
export function BarChart({
  label,
  top,
  ends,
  bars,
}: {
  /** what it shows, for those who do not see it */
  readonly label: string;
  /** the value of the highest line */
  readonly top: { readonly value: number; readonly text: string };
  /** what is below the first bar and the last */
  readonly ends: readonly [string, string];
  readonly bars: readonly Bar[];
}): View {
  const step = WIDTH / Math.max(bars.length, 1);
  const gap = step / 5;
  return (
    <div class="chart">
      <p class="bar-ends fine">
        <span>{top.text}</span>
      </p>
      <Figure kind="bars" width={WIDTH} height={HEIGHT} label={label}>
        {Array.from({ length: LINES + 1 }, (_, line) => (
          <line class="axis" x1="0" x2={WIDTH} y1={(HEIGHT / LINES) * line} y2={(HEIGHT / LINES) * line} />
        ))}
        {bars.map(({ value, title, series = 1 }, at) => {
          const height = value === 0 ? 0 : Math.max((HEIGHT * value) / top.value, LOWEST);
          return (
            <g>
              <title>{title}</title>
              <rect class="hit" x={coordinate(step * at)} y="0" width={coordinate(step)} height={HEIGHT} />
              {height > 0 && (
                <rect
                  class={`series-${series}`}
                  x={coordinate(step * at + gap / 2)}
                  y={coordinate(HEIGHT - height)}
                  width={coordinate(step - gap)}
                  height={coordinate(height)}
                />
              )}
            </g>
          );
        })}
      </Figure>
      <p class="bar-ends fine">
        <span>{ends[0]}</span>
        <span>{ends[1]}</span>
      </p>
    </div>
  );
}
