import { getSiteTotals, reportAllEngines, type EngineActivity } from '../../../../features/statistics/statistics';
import type { WebHandler } from '../../access';
import { formatBytes, formatCount } from '../../components/quantities';
import { Empty, Panel, Table } from '../../components/page-parts';
import { page } from '../../reply';
import type { View } from '../../view';
import { AdministrationFrame } from './frame';

const DAYS = 90;
const ENGINES_SHOWN = 50;

function Engines({ engines }: { engines: readonly EngineActivity[] }): View {
  if (engines.length === 0) {
    return (
      <Empty title="No engine has pulled anything yet">
        <p>
          <a href="/start/">Set one up</a>, and it will appear here after its first pull.
        </p>
      </Empty>
    );
  }
  return (
    <Table
      caption={`Engines of the last ${DAYS} days`}
      head={['Engine', 'Kernel', 'Pulls', 'Pushes', 'Last seen']}
      numbers={[2, 3]}
    >
      {engines.slice(0, ENGINES_SHOWN).map(({ engine, kernel, pulls, pushes, lastSeen }) => (
        <tr>
          <td>{engine === '' ? 'unknown' : engine}</td>
          <td>{kernel === '' ? 'unknown' : kernel}</td>
          <td class="number">{formatCount(pulls)}</td>
          <td class="number">{formatCount(pushes)}</td>
          <td>{lastSeen}</td>
        </tr>
      ))}
    </Table>
  );
}

/** The site-wide totals, and the engines of all pulls and pushes. */
export const getOverview: WebHandler<'administrator'> = async (ctx, { caller }) => {
  const totals = await getSiteTotals(ctx, caller.actor);
  const engines = await reportAllEngines(ctx, caller.actor, DAYS);
  const figures = [
    ['Users', formatCount(totals.users)],
    ['Organizations', formatCount(totals.organizations)],
    ['Repositories', formatCount(totals.repositories)],
    ['Images', formatCount(totals.images)],
    ['Layers stored', formatBytes(totals.storedBytes)],
  ];
  return page(
    caller,
    { title: 'Administration', section: 'admin' },
    <AdministrationFrame title="Administration" current="/admin/">
      <ul class="cards figures">
        {figures.map(([label, value]) => (
          <li>
            <strong>{value}</strong> {label}
          </li>
        ))}
      </ul>
      <Panel title="Engines that use this hub">
        <p>
          Docker engines and their kernels by pulls and pushes in the last {DAYS} days: the hosts that still need the
          old protocol.
        </p>
        <Engines engines={engines} />
      </Panel>
    </AdministrationFrame>,
  );
};
