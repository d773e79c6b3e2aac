import { getHealth as lookAtHealth, type Health } from '../../../../features/maintenance/health';
import type { WebHandler } from '../../access';
import { Badge, Panel } from '../../components/page-parts';
import { page } from '../../reply';
import type { View } from '../../view';
import { AdministrationFrame } from './frame';

function State({ state }: { state: Health['database' | 'storage'] }): View {
  if (state === 'ok') return <Badge tone="good">works</Badge>;
  return <Badge tone="bad">{state === 'full' ? 'full: layers are refused' : 'not responding'}</Badge>;
}

/** Whether the parts that the server needs respond. */
export const getHealth: WebHandler<'administrator'> = async (ctx, { caller }) => {
  const { database, storage, problem } = await lookAtHealth(ctx);
  return page(
    caller,
    { title: 'Health', section: 'admin' },
    <AdministrationFrame title="Health" current="/admin/health/">
      <Panel title="Components">
        <dl class="pairs">
          <dt>Database</dt>
          <dd>
            <State state={database} />
          </dd>
          <dt>Layer storage</dt>
          <dd>
            <State state={storage} /> {problem}
          </dd>
        </dl>
      </Panel>
      <Panel title="For machines">
        <p>
          <code>/healthz</code> reports whether the process is alive, <code>/readyz</code> whether it can serve
          requests, and <code>/metrics</code> provides metrics for Prometheus.
        </p>
      </Panel>
    </AdministrationFrame>,
  );
};
