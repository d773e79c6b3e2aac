import type { EngineActivity } from '../../../../features/statistics/statistics';
import { formatCount, plural } from '../../components/quantities';
import { Badge, Empty, Panel, Table } from '../../components/page-parts';
import type { View } from '../../view';
import { beginning } from './short-text';

/** One version of the engine, with all its kernels. */
export interface FleetRow {
  /** empty: the client did not send it; `other`: there were too many to count each */
  readonly engine: string;
  /** those with most pulls come first */
  readonly kernels: readonly string[];
  readonly pulls: number;
  readonly pushes: number;
  readonly lastSeen: string;
}

const ROWS = 100;
const KERNELS = 4;

/** The first version that can pull by the v2 protocol. */
const SPEAKS_V2 = { major: 1, minor: 6 };

/** Whether an engine knows only v1, so that its host cannot move to a newer registry. */
export function isOldEngine(engine: string): boolean {
  const found = /^(\d+)\.(\d+)/.exec(engine);
  if (found === null) return false;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major < SPEAKS_V2.major || (major === SPEAKS_V2.major && minor < SPEAKS_V2.minor);
}

/** Groups the kernels of a version; the order of the versions stays. */
export function groupByEngine(engines: readonly EngineActivity[]): FleetRow[] {
  const rows = new Map<string, FleetRow>();
  for (const { engine, kernel, pulls, pushes, lastSeen } of engines) {
    const row = rows.get(engine) ?? { engine, kernels: [], pulls: 0, pushes: 0, lastSeen };
    rows.set(engine, {
      engine,
      kernels: kernel === '' ? row.kernels : [...row.kernels, kernel],
      pulls: row.pulls + pulls,
      pushes: row.pushes + pushes,
      lastSeen: lastSeen > row.lastSeen ? lastSeen : row.lastSeen,
    });
  }
  return [...rows.values()].sort((a, b) => b.pulls - a.pulls);
}

function nameOf(engine: string): string {
  if (engine === '') return 'Not a docker engine';
  return engine === 'other' ? 'Others' : `docker ${engine}`;
}

function kernelsOf(kernels: readonly string[]): string {
  const shown = kernels.slice(0, KERNELS).map((kernel) => beginning(kernel, 40));
  const more = kernels.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/**
 * The engines that pull a repository, for people who want to retire old hosts and have to know who still needs them.
 */
export function FleetReport({
  engines,
  days,
}: {
  readonly engines: readonly EngineActivity[];
  readonly days: number;
}): View {
  const rows = groupByEngine(engines);
  const old = rows.filter(({ engine }) => isOldEngine(engine));
  const pulls = old.reduce((sum, row) => sum + row.pulls, 0);
  if (rows.length === 0) {
    return (
      <Empty title={`No engines in the last ${days} days`}>
        <p>
          When an engine pulls or pushes, its version and kernel appear here, visible only to administrators of the
          repository.
        </p>
      </Empty>
    );
  }
  return (
    <Panel title="Engines">
      <p>
        {old.length === 0
          ? 'All engines seen also speak the newer protocol.'
          : `${plural(old.length, 'old version')} made ${plural(pulls, 'pull')} in the last ${days} days. Engines before 1.6 can only pull from a v1 server like this one: upgrade these hosts before you turn it off.`}{' '}
        Only administrators of the repository can see this.
      </p>
      <Table
        caption="Engines that pulled or pushed"
        head={['Engine', 'Kernels', 'Pulls', 'Pushes', 'Last seen']}
        numbers={[2, 3]}
      >
        {rows.slice(0, ROWS).map((row) => (
          <tr>
            <th scope="row">
              {nameOf(row.engine)} {isOldEngine(row.engine) && <Badge tone="warn">v1 only</Badge>}
            </th>
            <td>{row.kernels.length === 0 ? <span class="fine">unknown</span> : kernelsOf(row.kernels)}</td>
            <td class="number">{formatCount(row.pulls)}</td>
            <td class="number">{formatCount(row.pushes)}</td>
            <td class="short">{row.lastSeen}</td>
          </tr>
        ))}
      </Table>
      {rows.length > ROWS && <p class="fine">{plural(rows.length - ROWS, 'more version')} with fewer pulls.</p>}
    </Panel>
  );
}
