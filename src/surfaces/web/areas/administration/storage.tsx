import {
  cancelMaintenance,
  listMaintenance,
  startMaintenance,
  type MaintenanceRun,
} from '../../../../features/maintenance/runs';
import { storageReport, type StorageReport } from '../../../../features/maintenance/storage-report';
import type { Context } from '../../../../context';
import { AppError } from '../../../../platform/errors';
import type { WebHandler } from '../../access';
import { Ago, formatCount, plural, Size } from '../../components/quantities';
import { ActButton } from '../../components/buttons';
import { Badge, Panel, Table } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { attempt } from '../../problems';
import { fragment, page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { AdministrationFrame } from './frame';
import { Runs } from './runs';

const RUNS_SHOWN = 5;
const PATH = '/admin/storage/';

async function latestRuns(ctx: Context, visitor: Visitor): Promise<MaintenanceRun[]> {
  return (await listMaintenance(ctx, visitor.actor, { limit: RUNS_SHOWN, offset: 0 })).runs;
}

function Facts({ report }: { report: StorageReport }): View {
  const { blobs, bytes, images, damagedLayers, verification, reading, asOf } = report;
  return (
    <dl class="pairs">
      <dt>Stored</dt>
      <dd>
        <Size bytes={bytes} /> in {plural(blobs, 'layer')} of {plural(images, 'image')}
      </dd>
      <dt>Damaged</dt>
      <dd>
        {damagedLayers === 0 ? (
          <Badge tone="good">none</Badge>
        ) : (
          <Badge tone="bad">{formatCount(damagedLayers)} layers</Badge>
        )}
      </dd>
      <dt>Verified</dt>
      <dd>
        {formatCount(verification.lastWeek)} in the last seven days, {formatCount(verification.never)} never
        {verification.oldest !== undefined && (
          <>
            ; the oldest verification was <Ago at={verification.oldest} />
          </>
        )}
      </dd>
      <dt>Read for clients of v2</dt>
      <dd>
        {formatCount(reading.done)} of {plural(reading.done + reading.left, 'layer')} of images pushed over v1
        {reading.unreadable > 0 && <>; {formatCount(reading.unreadable)} of them cannot be shown to these clients</>}
      </dd>
      <dt>As of</dt>
      <dd>
        <Ago at={asOf} />
      </dd>
    </dl>
  );
}

/** The layers in storage, by namespace, and their state. */
export const getStorage: WebHandler<'administrator'> = async (ctx, { caller, query }) => {
  const asked = pageAsked(query);
  const report = await storageReport(ctx, caller.actor, asked);
  const runs = await latestRuns(ctx, caller);
  return page(
    caller,
    { title: 'Storage', section: 'admin' },
    <AdministrationFrame title="Storage" current={PATH}>
      <Panel title="Layers">
        <Facts report={report} />
      </Panel>
      <Panel title="Maintenance">
        <p>
          Garbage is every image and manifest that no tag reaches. A scrub reads every layer and compares it with its
          digest.
        </p>
        <div class="actions">
          <ActButton visitor={caller} action={`${PATH}start/`} fields={{ kind: 'gc_dry_run' }} class="quiet">
            Start a gc dry run
          </ActButton>
          <ActButton visitor={caller} action={`${PATH}start/`} fields={{ kind: 'gc' }} class="quiet">
            Collect garbage
          </ActButton>
          <ActButton visitor={caller} action={`${PATH}start/`} fields={{ kind: 'scrub' }} class="quiet">
            Scrub
          </ActButton>
        </div>
        <Runs visitor={caller} runs={runs} />
      </Panel>
      <Table
        caption="Storage by namespace, largest first"
        head={['Namespace', 'Repositories', 'Images', 'Layers', 'Size', 'Allowed']}
        numbers={[1, 2, 3, 4, 5]}
      >
        {report.namespaces.map(({ namespace, repositories, images, layers, bytes, limitBytes }) => (
          <tr>
            <td>
              <a href={`/admin/namespaces/${namespace}/`}>{namespace}</a>
            </td>
            <td class="number">{formatCount(repositories)}</td>
            <td class="number">{formatCount(images)}</td>
            <td class="number">{formatCount(layers)}</td>
            <td class="number">
              <Size bytes={bytes} />
            </td>
            <td class="number">{limitBytes === undefined ? 'no limit' : <Size bytes={limitBytes} />}</td>
          </tr>
        ))}
      </Table>
      <p class="fine">A layer shared by two namespaces is stored once but counts for both.</p>
      <Paging asked={asked} total={report.total} path={PATH} />
    </AdministrationFrame>,
  );
};

/** Only the runs, for the script. */
export const getRuns: WebHandler<'administrator'> = async (ctx, { caller }) =>
  fragment(caller, <Runs visitor={caller} runs={await latestRuns(ctx, caller)} />);

function kindFrom(text: string): MaintenanceRun['kind'] {
  if (text === 'gc_dry_run' || text === 'gc' || text === 'scrub') return text;
  throw new AppError('invalid', 'Not found');
}

export const postStart: WebHandler<'administrator-form'> = async (ctx, { caller }) => {
  const { fault } = await attempt(() => startMaintenance(ctx, caller.actor, kindFrom(caller.form.text('kind'))));
  if (fault !== undefined) return redirect(caller, PATH, { notice: { text: fault.text, kind: 'problem' } });
  return redirect(caller, PATH, { notice: 'It will start in a moment. Reload the page to see its progress.' });
};

export const postCancel: WebHandler<'administrator-form'> = async (ctx, { caller }) => {
  const { fault } = await attempt(() => cancelMaintenance(ctx, caller.actor, caller.form.id('id')));
  if (fault !== undefined) return redirect(caller, PATH, { notice: { text: fault.text, kind: 'problem' } });
  return redirect(caller, PATH, { notice: 'It will stop as soon as possible.' });
};
