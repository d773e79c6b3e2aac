import type { Context } from '../../../../context';
import { listDeliveries } from '../../../../features/webhooks/deliveries';
import { sendTest } from '../../../../features/webhooks/push-deliveries';
import { deleteWebhook, getWebhook, updateWebhook, type Webhook } from '../../../../features/webhooks/webhooks';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { ActButton, DangerButton } from '../../components/buttons';
import { Ago } from '../../components/quantities';
import { idOf } from '../../components/older';
import { Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { assertVersion, VERSION, versionOf } from '../../version';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { Deliveries } from './deliveries';
import { ofSettings, settingsPage, settingsPath, type AdministeredDetails } from './settings-page';
import { HookState, hookValuesIn, RefusedUrls, urlsOf, WebhookForm, type HookValues } from './webhook-form';

const PART = 'webhooks/';
const PAGE = 25;

/** @throws AppError `not_found` for a text that is not an id */
export function idIn(params: Readonly<Record<string, string>>, part: 'webhook' | 'delivery'): number {
  const id = idOf(params[part]);
  if (id === undefined) throw new AppError('not_found', `The ${part} was not found`);
  return id;
}

function valuesOf({ name, urls, isActive, tellsBuilds }: Webhook): HookValues {
  return { name, urls: urls.join('\n'), isActive, tellsBuilds };
}

function SavedNow({ webhook }: { readonly webhook: Webhook }): View {
  return (
    <p class="as-typed">
      Saved now: {webhook.name} ({webhook.isActive ? 'on' : 'off'}){'\n'}
      {webhook.urls.join('\n')}
    </p>
  );
}

function DeliveriesHeading({ visitor, path }: { visitor: Visitor; path: string }): View {
  return (
    <div class="heading">
      <h2>Deliveries</h2>
      <div class="actions">
        <ActButton visitor={visitor} action={`${path}test/`} class="quiet">
          Send test
        </ActButton>
      </div>
    </div>
  );
}

/** @param lastId - the last delivery on this page, if there are older ones */
function DeliveryPaging({
  path,
  isFirst,
  lastId,
}: {
  path: string;
  isFirst: boolean;
  lastId: number | undefined;
}): View {
  return (
    <nav class="paging" aria-label="Pages">
      {isFirst ? <span></span> : <a href={path}>Latest</a>}
      {lastId !== undefined && (
        <a rel="next" href={`${path}?before=${lastId}`}>
          Older
        </a>
      )}
    </nav>
  );
}

interface Options {
  readonly before?: number | undefined;
  readonly values?: HookValues;
  /** the version that was sent */
  readonly sent?: string;
  readonly fault?: Fault;
}

async function show(
  ctx: Context,
  visitor: Visitor,
  place: { repository: AdministeredDetails; id: number },
  options: Options = {},
): Promise<Reply> {
  const { repository, id } = place;
  const webhook = await getWebhook(ctx, repository, id);
  const saved = valuesOf(webhook);
  const current = versionOf(saved);
  const { before, values = saved, sent = current, fault } = options;
  // The page now shows the present values, so sending the form again may overwrite them.
  const version = fault?.status === 409 ? current : sent;
  const found = await listDeliveries(ctx, repository, id, { before, limit: PAGE + 1 });
  const deliveries = found.slice(0, PAGE);
  const path = settingsPath(repository, `${PART}${id}/`);
  return settingsPage(
    visitor,
    repository,
    { title: webhook.name, current: PART, status: fault?.status ?? 200 },
    <>
      <p>
        <a href={settingsPath(repository, PART)}>All webhooks</a>
      </p>
      <Panel
        title={
          <>
            {webhook.name} <HookState webhook={webhook} />
          </>
        }
      >
        {webhook.failingSince !== undefined && (
          <p>
            Its first failure was <Ago at={webhook.failingSince} />, and no delivery has succeeded since.
          </p>
        )}
        <RefusedUrls ctx={ctx} urls={webhook.urls} />
        {fault?.status === 409 && sent !== current && <SavedNow webhook={webhook} />}
        <WebhookForm visitor={visitor} action={path} values={values} version={version} fault={fault} />
      </Panel>
      <DeliveriesHeading visitor={visitor} path={path} />
      <Deliveries deliveries={deliveries} pathOf={(delivery) => `${path}deliveries/${delivery.id}/`} />
      <DeliveryPaging
        path={path}
        isFirst={before === undefined}
        lastId={found.length > PAGE ? deliveries.at(-1)?.id : undefined}
      />
      <Panel title="Delete this webhook" tone="danger">
        <p>It will no longer be called, and its deliveries will be deleted.</p>
        <DangerButton
          visitor={visitor}
          action={`${path}delete/`}
          class="danger"
          text="Delete webhook"
          question={`The webhook ${webhook.name} and its deliveries are deleted. This cannot be undone.`}
        />
      </Panel>
    </>,
  );
}

export const getWebhookPage = ofSettings<'member'>((ctx, { caller, params, query }, repository) => {
  const before = idOf(query.get('before'));
  return show(ctx, caller, { repository, id: idIn(params, 'webhook') }, { before });
});

export const postWebhookChanges = ofSettings<'member-form'>(async (ctx, { caller, params }, repository) => {
  const { form } = caller;
  const id = idIn(params, 'webhook');
  const values = hookValuesIn(form);
  const { name, isActive } = values;
  const changes = { name, urls: urlsOf(values), isActive, secret: form.optional('secret') };
  const { fault } = await attempt(() =>
    updateWebhook(ctx, repository, id, changes, (now) => assertVersion(form, valuesOf(now))),
  );
  if (fault === undefined) {
    return redirect(caller, settingsPath(repository, `${PART}${id}/`), { notice: 'Webhook saved.' });
  }
  return show(ctx, caller, { repository, id }, { values, fault, sent: form.text(VERSION) });
});

export const postWebhookRemoval = ofSettings<'member-form'>(async (ctx, { caller, params }, repository) => {
  await deleteWebhook(ctx, repository, idIn(params, 'webhook'));
  return redirect(caller, settingsPath(repository, PART), { notice: 'Webhook deleted.' });
});

export const postWebhookTest = ofSettings<'member-form'>(async (ctx, { caller, params }, repository) => {
  const id = idIn(params, 'webhook');
  const delivery = await sendTest(ctx, repository, id);
  const path = settingsPath(repository, `${PART}${id}/deliveries/${delivery}/`);
  return redirect(caller, path, { notice: 'The test will be sent.' });
});
