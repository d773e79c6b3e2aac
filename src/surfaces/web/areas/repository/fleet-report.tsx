import type { EngineActivity } from '../../../../features/statistics/statistics';
import { formatCount, plural } from '../../components/quantities';
import { Badge, Empty, Panel, Table } from '../../components/page-parts';
import type { View } from '../../view';
import { isBefore, needsV1, speaksV2, type DockerVersion } from './engine-generations';
import { beginning } from './short-text';
import { clientText } from './tag-parts';

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
  if (engine === '') return 'Not a known client';
  if (engine === 'other') return 'Others';
  return engine.includes('/') ? clientText(engine) : `docker ${engine}`;
}

function kernelsOf(kernels: readonly string[]): string {
  const shown = kernels.slice(0, KERNELS).map((kernel) => beginning(kernel, 40));
  const more = kernels.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function EngineTable({ caption, rows }: { readonly caption: string; readonly rows: readonly FleetRow[] }): View {
  return (
    <>
      <Table caption={caption} head={['Engine', 'Kernels', 'Pulls', 'Pushes', 'Last seen']} numbers={[2, 3]}>
        {rows.slice(0, ROWS).map((row) => (
          <tr>
            <th scope="row">
              {nameOf(row.engine)} {needsV1(row.engine) && <Badge tone="warn">needs v1</Badge>}
            </th>
            <td>{row.kernels.length === 0 ? <span class="fine">unknown</span> : kernelsOf(row.kernels)}</td>
            <td class="number">{formatCount(row.pulls)}</td>
            <td class="number">{formatCount(row.pushes)}</td>
            <td class="short">{row.lastSeen}</td>
          </tr>
        ))}
      </Table>
      {rows.length > ROWS && <p class="fine">{plural(rows.length - ROWS, 'more version')} with fewer pulls.</p>}
    </>
  );
}

function OldEngines({ rows, days }: { readonly rows: readonly FleetRow[]; readonly days: number }): View {
  const needy = rows.filter(({ engine }) => needsV1(engine));
  const pulls = needy.reduce((sum, row) => sum + row.pulls, 0);
  return (
    <Panel title="Old engines">
      <p>
        {needy.length > 0 &&
          `${plural(needy.length, 'version')} that ${needy.length === 1 ? 'needs' : 'need'} v1 made ${plural(pulls, 'pull')} in the last ${days} days. Engines before 1.10 cannot read the manifests of today, so they can only pull from a v1 server like this one: upgrade these hosts before you turn it off. `}
        {needy.length === 0 &&
          'These engines use v1 here, but none of them needs it: they could pull over v2 as well. '}
        Only administrators of the repository can see this.
      </p>
      <EngineTable caption="Old engines that pulled or pushed" rows={rows} />
    </Panel>
  );
}

function Newer({ rows }: { readonly rows: readonly FleetRow[] }): View {
  return (
    <Panel title="Clients of today">
      <p>These pull and push over v2. Only administrators of the repository can see this.</p>
      <EngineTable caption="Clients of today that pulled or pushed" rows={rows} />
    </Panel>
  );
}

/**
 * The engines that pull a repository, for people who want to retire old hosts and have to know who still needs them:
 * those that use v1 here, and the clients of today.
 *
 * @param firstOverV2 - the first docker that uses v2 of this server
 */
export function FleetReport({
  engines,
  days,
  firstOverV2,
}: {
  readonly engines: readonly EngineActivity[];
  readonly days: number;
  readonly firstOverV2: DockerVersion;
}): View {
  const rows = groupByEngine(engines);
  const old = rows.filter(({ engine }) => isBefore(engine, firstOverV2));
  const newer = rows.filter(({ engine }) => speaksV2(engine, firstOverV2));
  const others = rows.filter((row) => !old.includes(row) && !newer.includes(row));
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
    <>
      {old.length > 0 && <OldEngines rows={old} days={days} />}
      {newer.length > 0 && <Newer rows={newer} />}
      {others.length > 0 && (
        <Panel title="Other clients">
          <EngineTable caption="Other clients that pulled or pushed" rows={others} />
        </Panel>
      )}
    </>
  );
}
