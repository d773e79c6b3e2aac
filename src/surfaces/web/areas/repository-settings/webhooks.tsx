import type { Context } from '../../../../context';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { createWebhook, listWebhooks, type Webhook } from '../../../../features/webhooks/webhooks';
import type { Reply } from '../../../../platform/http/exchange';
import { Ago } from '../../components/quantities';
import { Actions } from '../../components/forms';
import { CopyLine, Empty, Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { ofSettings, settingsPage, settingsPath, type AdministeredDetails } from './settings-page';
import { HookState, hookValuesIn, RefusedUrls, urlsOf, WebhookForm, type HookValues } from './webhook-form';

const PART = 'webhooks/';
const NEW: HookValues = { name: '', urls: '', isActive: true, tellsBuilds: false };

function Webhooks({
  repository,
  webhooks,
}: {
  readonly repository: RepositoryDetails;
  readonly webhooks: readonly Webhook[];
}): View {
  if (webhooks.length === 0) {
    return (
      <Empty title="No webhooks yet">
        <p>Create a webhook below: after each push, its URL receives a request that describes the push.</p>
      </Empty>
    );
  }
  return (
    <ul class="rows" aria-label="Webhooks">
      {webhooks.map((webhook) => (
        <li>
          <div class="title-line">
            <a href={settingsPath(repository, `${PART}${webhook.id}/`)}>{webhook.name}</a>
            <HookState webhook={webhook} />
          </div>
          <ul class="facts">
            {webhook.urls.map((url) => (
              <li>
                <code>{url}</code>
              </li>
            ))}
            <li>
              Created <Ago at={webhook.createdAt} />
              {webhook.createdBy !== undefined && ` by ${webhook.createdBy}`}
            </li>
          </ul>
        </li>
      ))}
    </ul>
  );
}

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  options: { values?: HookValues; fault?: Fault } = {},
): Promise<Reply> {
  const { values = NEW, fault } = options;
  const webhooks = await listWebhooks(ctx, repository);
  return settingsPage(
    visitor,
    repository,
    { title: 'Webhooks', current: PART, status: fault?.status ?? 200 },
    <>
      <h2>Webhooks</h2>
      <Webhooks repository={repository} webhooks={webhooks} />
      <Panel title="Create a webhook">
        <WebhookForm visitor={visitor} action={settingsPath(repository, PART)} values={values} fault={fault} />
      </Panel>
    </>,
  );
}

export const getWebhooks = ofSettings<'member'>((ctx, { caller }, repository) => show(ctx, caller, repository));

/** Creates a webhook; only this answer shows its secret. */
export const postWebhook = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const { form } = caller;
  const values = hookValuesIn(form);
  const hook = {
    name: values.name,
    urls: urlsOf(values),
    secret: form.optional('secret'),
    tellsBuilds: values.tellsBuilds,
  };
  const result = await attempt(() => createWebhook(ctx, repository, hook));
  if (result.fault !== undefined) {
    return show(ctx, caller, repository, { values, fault: result.fault });
  }
  const { id, name, secret } = result.done;
  return settingsPage(
    caller,
    repository,
    { title: 'Webhook created', current: PART },
    <Panel title={`The webhook ${name} was created`}>
      <RefusedUrls ctx={ctx} urls={hook.urls} />
      <p>This is its secret. Copy it to the receiver now: it will not be shown again.</p>
      <CopyLine text={secret} label="Secret of the webhook" />
      <p>
        Each request has the header <code>X-Drydock-Signature</code>, which the receiver can verify with the secret.
      </p>
      <Actions>
        <a class="button" href={settingsPath(repository, `${PART}${id}/`)}>
          Go to the webhook
        </a>
      </Actions>
    </Panel>,
  );
});
