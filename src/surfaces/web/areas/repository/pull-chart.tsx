import type { DailyActivity } from '../../../../features/statistics/statistics';
import { coordinate, Figure } from '../../components/figure';
import { formatCount, plural } from '../../components/quantities';
import { Table } from '../../components/page-parts';
import type { View } from '../../view';

const WIDTH = 900;
const HEIGHT = 200;
const LINES = 4;
/** The height of the lowest bar: a day with a few pulls must be visible next to a day with thousands. */
const LOWEST = 2;

const dayName = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** `24 Nov`, without a year, because a chart covers less than one. */
function shortDay(day: string | undefined): string {
  return day === undefined ? '' : dayName.format(new Date(`${day}T00:00:00Z`));
}

/** The next number of one digit and zeros, for the top of the chart. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((top) => top >= value) ?? value;
}

/**
 * A chart of pulls with a bar for each day. Its labels are outside the drawing, so that it can be as wide as the page.
 */
export function PullChart({ activity }: { readonly activity: readonly DailyActivity[] }): View {
  const most = activity.reduce((top, { pulls }) => Math.max(top, pulls), 0);
  const top = roundUp(most);
  const step = WIDTH / Math.max(activity.length, 1);
  const gap = step / 5;
  const label = `Pulls in the last ${activity.length} days, at most ${formatCount(most)} a day; the table below lists them`;
  return (
    <div class="chart">
      <p class="bar-ends fine">
        <span>{formatCount(top)}</span>
      </p>
      <Figure kind="bars" width={WIDTH} height={HEIGHT} label={label}>
        {Array.from({ length: LINES + 1 }, (_, line) => (
          <line class="axis" x1="0" x2={WIDTH} y1={(HEIGHT / LINES) * line} y2={(HEIGHT / LINES) * line} />
        ))}
        {activity.map(({ day, pulls }, at) => {
          const height = pulls === 0 ? 0 : Math.max((HEIGHT * pulls) / top, LOWEST);
          return (
            <g>
              <title>{`${shortDay(day)}: ${plural(pulls, 'pull')}`}</title>
              <rect class="hit" x={coordinate(step * at)} y="0" width={coordinate(step)} height={HEIGHT} />
              {height > 0 && (
                <rect
                  class="series-1"
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
        <span>{shortDay(activity[0]?.day)}</span>
        <span>{shortDay(activity.at(-1)?.day)}</span>
      </p>
    </div>
  );
}

/** The same data as numbers, the last day first. */
export function DayTable({ activity }: { readonly activity: readonly DailyActivity[] }): View {
  return (
    <details>
      <summary>Show as a table</summary>
      <Table caption="Pulls and pushes per day" head={['Day', 'Pulls', 'Pushes']} numbers={[1, 2]}>
        {[...activity].reverse().map(({ day, pulls, pushes }) => (
          <tr>
            <th scope="row">{day}</th>
            <td class="number">{formatCount(pulls)}</td>
            <td class="number">{formatCount(pushes)}</td>
          </tr>
        ))}
      </Table>
    </details>
  );
}
