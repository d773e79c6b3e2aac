import type { DailyActivity } from '../../../../features/statistics/statistics';
import { BarChart, roundUp } from '../../components/bar-chart';
import { formatCount, plural } from '../../components/quantities';
import { Table } from '../../components/page-parts';
import type { View } from '../../view';

const dayName = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** `24 Nov`, without a year, because a chart covers less than one. */
function shortDay(day: string | undefined): string {
  return day === undefined ? '' : dayName.format(new Date(`${day}T00:00:00Z`));
}

/** A chart of pulls with a bar for each day. */
export function PullChart({ activity }: { readonly activity: readonly DailyActivity[] }): View {
  const most = activity.reduce((top, { pulls }) => Math.max(top, pulls), 0);
  const top = roundUp(most);
  return (
    <BarChart
      label={`Pulls in the last ${activity.length} days, at most ${formatCount(most)} a day; the table below lists them`}
      top={{ value: top, text: formatCount(top) }}
      ends={[shortDay(activity[0]?.day), shortDay(activity.at(-1)?.day)]}
      bars={activity.map(({ day, pulls }) => ({ value: pulls, title: `${shortDay(day)}: ${plural(pulls, 'pull')}` }))}
    />
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
