import type { Delivery, DeliveryDetails } from '../../../../features/webhooks/deliveries';
import { Ago } from '../../components/quantities';
import { Badge, Empty, Table } from '../../components/page-parts';
import type { View } from '../../view';
import { EVENT_NAMES } from './webhook-form';

const STATES: Readonly<Record<Delivery['state'], readonly [tone: 'plain' | 'good' | 'warn' | 'bad', text: string]>> = {
  pending: ['warn', 'waiting'],
  delivered: ['good', 'delivered'],
  failed: ['bad', 'failed'],
  refused: ['bad', 'not sent'],
};

/** The state of a delivery. */
export function DeliveryBadge({ state }: Pick<Delivery, 'state'>): View {
  const [tone, text] = STATES[state];
  return <Badge tone={tone}>{text}</Badge>;
}

/** The deliveries of a webhook, newest first. */
export function Deliveries({
  deliveries,
  pathOf,
}: {
  readonly deliveries: readonly Delivery[];
  readonly pathOf: (delivery: Delivery) => string;
}): View {
  if (deliveries.length === 0) {
    return (
      <Empty title="No deliveries yet">
        <p>Push a tag, or send a test.</p>
      </Empty>
    );
  }
  return (
    <Table caption="Deliveries" head={['Delivery', 'When', 'State', 'Attempts', 'URL']}>
      {deliveries.map((delivery) => (
        <tr>
          <td>
            <a href={pathOf(delivery)}>
              {EVENT_NAMES[delivery.event]} {delivery.id}
            </a>
          </td>
          <td>
            <Ago at={delivery.createdAt} />
          </td>
          <td>
            <DeliveryBadge state={delivery.state} />
            {delivery.callback !== undefined && ` called back: ${delivery.callback.state}`}
          </td>
          <td>{delivery.attemptCount}</td>
          <td>
            <code>{delivery.url}</code>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function HeaderLines({ headers }: { readonly headers: Readonly<Record<string, string>> }): View {
  const text = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <pre tabindex={0} class="as-typed">
      {text.join('\n')}
    </pre>
  );
}

/** One attempt of a delivery: the request and the answer. */
export function AttemptPart({ attempt }: { readonly attempt: DeliveryDetails['attempts'][number] }): View {
  const { number, startedAt, durationMs, requestHeaders, response, error } = attempt;
  const outcome = response === undefined ? 'no answer' : `answered ${response.status}`;
  return (
    <section class="panel">
      <h3>
        Attempt {number}: {outcome} after {durationMs} ms
      </h3>
      <p class="fine">
        <Ago at={startedAt} />
      </p>
      {error !== undefined && <p class="notice problem">{error}</p>}
      <h4>Request</h4>
      <HeaderLines headers={requestHeaders} />
      {response !== undefined && (
        <>
          <h4>Answer</h4>
          <HeaderLines headers={response.headers} />
          {response.body === '' ? (
            <p class="fine">No body.</p>
          ) : (
            <pre tabindex={0} class="as-typed">
              {response.body}
            </pre>
          )}
        </>
      )}
    </section>
  );
}
