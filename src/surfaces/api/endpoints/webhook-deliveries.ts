import { z } from 'zod';
import {
  getDelivery,
  listDeliveries,
  type Attempt,
  type Delivery,
  type DeliveryDetails,
} from '../../../features/webhooks/deliveries';
import { redeliver } from '../../../features/webhooks/push-deliveries';
import { endpoint, reply } from '../endpoint';
import { fed, feedOf, feedQuery, olderThan } from '../paging';
import { administeredAsked } from './repository-asked';
import { idParam, moment } from './schemas';
import { queuedBody, queuedSchema, webhookParams } from './webhooks';

/* The deliveries of a webhook: the requests to its URLs, and the answers. */

const callbackSchema = z.strictObject({
  state: z.enum(['success', 'failure', 'error']),
  description: z.string().nullable(),
  context: z.string().nullable(),
  target_url: z.string().nullable(),
  at: moment,
});

const deliverySchema = z
  .strictObject({
    id: z.int(),
    run: z.string().describe('The same for all deliveries of a chain'),
    position: z.int().describe('Position of the URL in the chain, from 0'),
    url: z.string(),
    event: z.enum(['push', 'test', 'build_failed', 'build_recovered']),
    state: z
      .enum(['pending', 'delivered', 'failed', 'refused'])
      .describe('`refused`: the server may not send to this address'),
    attempt_count: z.int(),
    callback: callbackSchema.nullable().describe('What the receiver reported in its callback'),
    date_created: moment,
    date_finished: moment.nullable(),
  })
  .meta({ id: 'Delivery' });

const attemptSchema = z
  .strictObject({
    number: z.int(),
    date_started: moment,
    duration_ms: z.int(),
    request_headers: z.record(z.string(), z.string()),
    response: z
      .strictObject({
        status: z.int(),
        headers: z.record(z.string(), z.string()),
        body: z.string().describe('The beginning of the body'),
      })
      .nullable()
      .describe('Null if there was no response'),
    error: z.string().nullable().describe('Why there was no response'),
  })
  .meta({ id: 'DeliveryAttempt' });

const detailsSchema = z
  .strictObject({
    ...deliverySchema.shape,
    payload: z
      .looseObject({})
      .describe('The payload as sent, without its callback_url, which only the receiver may know'),
    attempts: z.array(attemptSchema),
  })
  .meta({ id: 'DeliveryDetails' });

function callbackBody({ callback }: Delivery): z.input<typeof deliverySchema>['callback'] {
  if (callback === undefined) return null;
  const { state, description = null, context = null, target_url = null, at } = callback;
  return { state, description, context, target_url, at };
}

function deliveryBody(delivery: Delivery): z.input<typeof deliverySchema> {
  return {
    id: delivery.id,
    run: delivery.run,
    position: delivery.position,
    url: delivery.url,
    event: delivery.event,
    state: delivery.state,
    attempt_count: delivery.attemptCount,
    callback: callbackBody(delivery),
    date_created: delivery.createdAt.toISOString(),
    date_finished: delivery.finishedAt?.toISOString() ?? null,
  };
}

function attemptBody(attempt: Attempt): z.input<typeof attemptSchema> {
  return {
    number: attempt.number,
    date_started: attempt.startedAt.toISOString(),
    duration_ms: attempt.durationMs,
    request_headers: attempt.requestHeaders,
    response: attempt.response ?? null,
    error: attempt.error ?? null,
  };
}

function detailsBody(delivery: DeliveryDetails): z.input<typeof detailsSchema> {
  const payload = delivery.payload as z.input<typeof detailsSchema>['payload'];
  return { ...deliveryBody(delivery), payload, attempts: delivery.attempts.map(attemptBody) };
}

const DELIVERIES = '/api/v1.1/repositories/:namespace/:name/webhooks/:webhook/deliveries/';
const FACTS = { tag: 'webhooks', access: 'account' } as const;
const deliveryParams = webhookParams.extend({ delivery: idParam });

const getAll = endpoint({
  ...FACTS,
  method: 'get',
  path: DELIVERIES,
  id: 'listWebhookDeliveries',
  summary: 'List the past and pending deliveries of a webhook',
  params: webhookParams,
  query: z.strictObject(feedQuery),
  responses: { 200: { description: 'A page of deliveries, newest first', body: feedOf(deliverySchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const page = { before: query.before, limit: query.page_size };
    const deliveries = await listDeliveries(
      ctx,
      await administeredAsked(ctx, { caller, params }),
      params.webhook,
      page,
    );
    return reply(200, fed(ctx, req, olderThan(deliveries, query), deliveries.map(deliveryBody)));
  },
});

const getOne = endpoint({
  ...FACTS,
  method: 'get',
  path: `${DELIVERIES}:delivery/`,
  id: 'getWebhookDelivery',
  summary: 'Show a delivery with the request, response and timing of each attempt',
  params: deliveryParams,
  responses: { 200: { description: 'The delivery', body: detailsSchema } },
  handle: async (ctx, { params, caller }) => {
    const key = { id: params.delivery, webhookId: params.webhook };
    return reply(200, detailsBody(await getDelivery(ctx, await administeredAsked(ctx, { caller, params }), key)));
  },
});

const postAgain = endpoint({
  ...FACTS,
  method: 'post',
  path: `${DELIVERIES}:delivery/redeliver/`,
  id: 'redeliverWebhook',
  summary: 'Redeliver: send a delivery again as a new one',
  description: 'It goes to the same URL; if that calls back, the chain continues from there.',
  params: deliveryParams,
  responses: { 202: { description: 'The new delivery, to be sent', body: queuedSchema } },
  handle: async (ctx, { params, caller }) => {
    const key = { id: params.delivery, webhookId: params.webhook };
    const id = await redeliver(ctx, await administeredAsked(ctx, { caller, params }), key);
    return reply(202, queuedBody(params, id));
  },
});

export const webhookDeliveryEndpoints = [getAll, getOne, postAgain];
