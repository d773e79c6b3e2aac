import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { getDelivery, type DeliveryDetails } from '../../../../features/webhooks/deliveries';
import { redeliver } from '../../../../features/webhooks/push-deliveries';
import { ActButton } from '../../components/buttons';
import { Ago, Moment } from '../../components/quantities';
import { fragment, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { AttemptPart, DeliveryBadge } from './deliveries';
import { ofSettings, settingsPage, settingsPath } from './settings-page';
import { idIn } from './webhook';
import { EVENT_NAMES } from './webhook-form';

const REFRESH_SECONDS = '2';

function deliveryPath(repository: RepositoryDetails, { webhookId, id }: { webhookId: number; id: number }): string {
  return settingsPath(repository, `webhooks/${webhookId}/deliveries/${id}/`);
}

function Callback({ callback }: { readonly callback: NonNullable<DeliveryDetails['callback']> }): View {
  const { state, description, context, target_url: target, at } = callback;
  return (
    <>
      {state}, <Ago at={new Date(at)} />
      {description !== undefined && <> · {description}</>}
      {context !== undefined && <> · {context}</>}
      {target !== undefined && (
        <>
          {' '}
          ·{' '}
          <a href={target} rel="nofollow noopener noreferrer">
            {target}
          </a>
        </>
      )}
    </>
  );
}

/** The state of a delivery; the page replaces it with a newer one while the delivery waits. */
function Progress({ delivery, path }: { readonly delivery: DeliveryDetails; readonly path: string }): View {
  const { state, url, position, attemptCount, createdAt, finishedAt, callback, attempts } = delivery;
  const fresh = state === 'pending' ? { 'data-refresh': `${path}progress/`, 'data-every': REFRESH_SECONDS } : {};
  return (
    <div {...fresh}>
      <dl class="pairs">
        <dt>State</dt>
        <dd>
          <DeliveryBadge state={state} />
        </dd>
        <dt>URL</dt>
        <dd>
          <code>{url}</code> (number {position + 1} of its chain)
        </dd>
        <dt>Queued</dt>
        <dd>
          <Moment at={createdAt} />
        </dd>
        {finishedAt !== undefined && (
          <>
            <dt>Finished</dt>
            <dd>
              <Moment at={finishedAt} />
            </dd>
          </>
        )}
        <dt>Attempts</dt>
        <dd>{attemptCount}</dd>
        <dt>Callback</dt>
        <dd>{callback === undefined ? 'none yet' : <Callback callback={callback} />}</dd>
      </dl>
      {attempts.map((one) => (
        <AttemptPart attempt={one} />
      ))}
    </div>
  );
}

function DeliveryView(props: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly delivery: DeliveryDetails;
}): View {
  const { visitor, repository, delivery } = props;
  const path = deliveryPath(repository, delivery);
  return (
    <>
      <p>
        <a href={settingsPath(repository, `webhooks/${delivery.webhookId}/`)}>All deliveries of the webhook</a>
      </p>
      <div class="heading">
        <h2>
          {EVENT_NAMES[delivery.event]} {delivery.id}
        </h2>
        <div class="actions">
          <ActButton visitor={visitor} action={`${path}again/`} class="quiet">
            Redeliver
          </ActButton>
        </div>
      </div>
      <Progress delivery={delivery} path={path} />
      <h3>Payload</h3>
      <p class="fine">It also has a callback_url, which only the receiver may know.</p>
      <pre tabindex={0}>{JSON.stringify(delivery.payload, null, 2)}</pre>
    </>
  );
}

export const getDeliveryPage = ofSettings<'member'>(async (ctx, { caller, params }, repository) => {
  const key = { id: idIn(params, 'delivery'), webhookId: idIn(params, 'webhook') };
  const delivery = await getDelivery(ctx, repository, key);
  const content = <DeliveryView visitor={caller} repository={repository} delivery={delivery} />;
  return settingsPage(caller, repository, { title: `Delivery ${delivery.id}`, current: 'webhooks/' }, content);
});

/** The part of the page that changes by itself. */
export const getDeliveryProgress = ofSettings<'member'>(async (ctx, { caller, params }, repository) => {
  const key = { id: idIn(params, 'delivery'), webhookId: idIn(params, 'webhook') };
  const delivery = await getDelivery(ctx, repository, key);
  return fragment(caller, <Progress delivery={delivery} path={deliveryPath(repository, delivery)} />);
});

export const postRedelivery = ofSettings<'member-form'>(async (ctx, { caller, params }, repository) => {
  const webhookId = idIn(params, 'webhook');
  const id = await redeliver(ctx, repository, { id: idIn(params, 'delivery'), webhookId });
  return redirect(caller, deliveryPath(repository, { webhookId, id }), { notice: 'The delivery will be sent again.' });
});
