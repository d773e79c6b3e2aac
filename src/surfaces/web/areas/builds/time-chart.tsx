import type { BuildTime } from '../../../../features/builds/builds';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { BarChart, roundUp } from '../../components/bar-chart';
import { Panel, Table } from '../../components/page-parts';
import { Ago, formatDuration } from '../../components/quantities';
import type { View } from '../../view';
import { buildPath, StateBadge } from './build-parts';

const GOOD = 4;
const BAD = 8;

/** The top of the chart, in milliseconds: a round number of seconds or of minutes. */
function topOf(longestMs: number): number {
  const seconds = longestMs / 1000;
  return (seconds < 60 ? roundUp(seconds) : roundUp(seconds / 60) * 60) * 1000;
}

function TimeTable({ repository, times }: { repository: RepositoryDetails; times: readonly BuildTime[] }): View {
  return (
    <details>
      <summary>Show as a table</summary>
      <Table
        caption="Times of builds, the newest first"
        head={['Build', 'State', 'Requested', 'Duration']}
        numbers={[3]}
      >
        {[...times].reverse().map((time) => (
          <tr>
            <th scope="row">
              <a href={buildPath(repository, time)}>Build {time.id}</a>
            </th>
            <td>
              <StateBadge build={{ state: time.state, isCancelRequested: false }} />
            </td>
            <td>
              <Ago at={time.createdAt} />
            </td>
            <td class="number">{formatDuration(time.ms)}</td>
          </tr>
        ))}
      </Table>
    </details>
  );
}

/** A chart of how long the last builds took; nothing for fewer than two. */
export function TimeChart({
  repository,
  times,
}: {
  readonly repository: RepositoryDetails;
  readonly times: readonly BuildTime[];
}): View {
  const [first, last] = [times[0], times.at(-1)];
  if (times.length < 2 || first === undefined || last === undefined) return <></>;
  const longest = Math.max(...times.map(({ ms }) => ms));
  const top = topOf(longest);
  return (
    <Panel title="Build times">
      <BarChart
        label={`How long the last ${times.length} builds took, at most ${formatDuration(longest)}; the table below lists them`}
        top={{ value: top, text: formatDuration(top) }}
        ends={[`Build ${first.id}`, `Build ${last.id}`]}
        bars={times.map(({ id, state, ms }) => ({
          value: ms,
          series: state === 'success' ? GOOD : BAD,
          title: `Build ${id}: ${state}, ${formatDuration(ms)}`,
        }))}
      />
      <TimeTable repository={repository} times={times} />
    </Panel>
  );
}
