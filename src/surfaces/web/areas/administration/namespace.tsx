import type { Context } from '../../../../context';
import { getNamespaceSettings } from '../../../../features/namespaces/settings';
import { getStorageUse, removeStorageLimit, setStorageLimit } from '../../../../features/storage/storage-use';
import { writeByteSize } from '../../../../platform/bytes/byte-size';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { ActButton } from '../../components/buttons';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { StorageMeter } from '../../components/storage-use';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { bytesFrom } from './byte-limit';
import { AdministrationFrame } from './frame';

function pathOf(namespace: string, rest = ''): string {
  return `/admin/namespaces/${namespace}/${rest}`;
}

async function namespacePage(
  ctx: Context,
  { caller, params }: WebExchange<'administrator'>,
  shown: { readonly layers?: string; readonly fault?: Fault } = {},
): Promise<Reply> {
  const settings = await getNamespaceSettings(ctx, caller.actor, params['name'] ?? '');
  const { name, kind, plan } = settings;
  const use = await getStorageUse(ctx, caller.actor, name);
  const { fault } = shown;
  const own = use.limitedBy === 'own' && use.limitBytes !== undefined ? writeByteSize(use.limitBytes) : '';
  return page(
    caller,
    { title: name, section: 'admin', status: fault?.status ?? 200 },
    <AdministrationFrame title={name} subtitle={`Plan ${plan}`} current="/admin/storage/">
      <Panel title="Storage">
        <StorageMeter use={use} />
        <p>
          <a href={`/u/${name}/`}>Public page</a>
          {kind === 'user' && (
            <>
              {' '}
              · <a href={`/admin/users/${name}/`}>Account and plan</a>
            </>
          )}
          {kind === 'organization' && (
            <>
              {' '}
              · <a href={`/organizations/${name}/plan/`}>Plan</a>
            </>
          )}{' '}
          · <a href="/admin/plans/">Limits of plans</a>
        </p>
      </Panel>
      <Panel title="A limit of its own">
        <p>It counts instead of the limit of the plan. A limit below what is stored deletes nothing.</p>
        <Problem fault={fault} />
        <Form visitor={caller} action={pathOf(name, 'storage/')} fault={fault}>
          <Field
            label="Layers"
            name="layers"
            of={['stored_bytes', 'limit']}
            value={shown.layers ?? own}
            hint="A size such as 500m or 10g, or empty for no limit"
          />
          <Actions>
            <button type="submit">Set the limit</button>
          </Actions>
        </Form>
        {use.limitedBy === 'own' && (
          <ActButton visitor={caller} action={pathOf(name, 'storage/remove/')} class="quiet">
            Use the limit of the plan
          </ActButton>
        )}
      </Panel>
    </AdministrationFrame>,
  );
}

/** How much a namespace stores, and its limit. */
export const getNamespacePage: WebHandler<'administrator'> = (ctx, exchange) => namespacePage(ctx, exchange);

export const postStorageLimit: WebHandler<'administrator-form'> = async (ctx, exchange) => {
  const { caller, params } = exchange;
  const layers = caller.form.text('layers');
  const { done, fault } = await attempt(async () =>
    setStorageLimit(ctx, caller.actor, params['name'] ?? '', bytesFrom(layers)),
  );
  if (fault !== undefined) return namespacePage(ctx, exchange, { layers, fault });
  return redirect(caller, pathOf(done.namespace), { notice: `The limit of ${done.namespace} was set.` });
};

export const postStorageLimitRemoval: WebHandler<'administrator-form'> = async (ctx, { caller, params }) => {
  const { namespace } = await removeStorageLimit(ctx, caller.actor, params['name'] ?? '');
  return redirect(caller, pathOf(namespace), { notice: `The limit of its plan counts for ${namespace} again.` });
};
