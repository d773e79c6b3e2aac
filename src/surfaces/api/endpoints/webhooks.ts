import { z } from 'zod';
import { sendTest } from '../../../features/webhooks/push-deliveries';
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  updateWebhook,
  type Webhook,
} from '../../../features/webhooks/webhooks';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { administeredAsked, repositoryOf, repositoryParams } from './repository-asked';
import { idParam, line, moment } from './schemas';

/* Webhooks of a repository; `webhook-deliveries.ts` has their deliveries. */

const webhookSchema = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    urls: z.array(z.string()).describe('A chain: each URL is called after the one before it has called back'),
    is_active: z.boolean(),
    tells_builds: z.boolean().describe('Also told when a build fails, and when the next one succeeds'),
    failing_since: moment.nullable().describe('Null if the last delivery succeeded'),
    created_by: z.string().nullable().describe('Null for an operator or a deleted account'),
    date_created: moment,
  })
  .meta({ id: 'Webhook' });

const createdSchema = z
  .strictObject({
    ...webhookSchema.shape,
    secret: z.string().describe('Signs deliveries (HMAC-SHA256); never shown again'),
  })
  .meta({ id: 'CreatedWebhook' });

function webhookBody(hook: Webhook): z.input<typeof webhookSchema> {
  return {
    id: hook.id,
    name: hook.name,
    urls: [...hook.urls],
    is_active: hook.isActive,
    tells_builds: hook.tellsBuilds,
    failing_since: hook.failingSince?.toISOString() ?? null,
    created_by: hook.createdBy ?? null,
    date_created: hook.createdAt.toISOString(),
  };
}

const WEBHOOKS = '/api/v1.1/repositories/:namespace/:name/webhooks/';
const FACTS = { tag: 'webhooks', access: 'account' } as const;

export const webhookParams = repositoryParams.extend({ webhook: idParam });

const newFields = {
  name: line(255).describe('1 to 64 characters, unique within the repository'),
  urls: z.array(line(4096)).max(100).describe('1 to 5, http or https'),
  secret: line(1024).optional().describe('16 to 255 printable characters; random if omitted'),
  tells_builds: z.boolean().optional().describe('Also told when a build fails, and when the next one succeeds'),
};

const getAll = endpoint({
  ...FACTS,
  method: 'get',
  path: WEBHOOKS,
  id: 'listWebhooks',
  summary: 'List the webhooks of a repository',
  params: repositoryParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of webhooks, oldest first', body: pageOf(webhookSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const webhooks = await listWebhooks(ctx, await administeredAsked(ctx, { caller, params }));
    return reply(200, pagedWhole(ctx, { req, query }, webhooks.map(webhookBody)));
  },
});

const postOne = endpoint({
  ...FACTS,
  method: 'post',
  path: WEBHOOKS,
  id: 'createWebhook',
  summary: 'Create a webhook: notify a URL, or a chain of URLs, of each finished push',
  params: repositoryParams,
  body: z.strictObject(newFields),
  responses: {
    201: {
      description: 'The webhook with its secret',
      body: createdSchema,
      headers: { Location: 'Path of the webhook' },
    },
  },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    const { tells_builds: tellsBuilds, ...wanted } = body;
    const { secret, ...hook } = await createWebhook(ctx, repository, { ...wanted, tellsBuilds });
    const location = `/api/v1.1/repositories/${repository.namespace}/${repository.name}/webhooks/${hook.id}/`;
    return reply(201, { ...webhookBody(hook), secret }, { Location: location });
  },
});

const getOne = endpoint({
  ...FACTS,
  method: 'get',
  path: `${WEBHOOKS}:webhook/`,
  id: 'getWebhook',
  summary: 'Show a webhook without its secret',
  params: webhookParams,
  responses: { 200: { description: 'The webhook', body: webhookSchema } },
  etag: 'sent',
  handle: async (ctx, { params, caller }) => {
    return reply(
      200,
      webhookBody(await getWebhook(ctx, await administeredAsked(ctx, { caller, params }), params.webhook)),
    );
  },
});

const changedFields = z.strictObject({
  name: newFields.name.optional(),
  urls: newFields.urls.optional(),
  secret: line(1024).optional().describe('A new secret: 16 to 255 printable characters'),
  tells_builds: newFields.tells_builds,
  is_active: z.boolean().optional().describe('Re-enables a webhook that was disabled after failing for a long time'),
});

const patchOne = endpoint({
  ...FACTS,
  method: 'patch',
  path: `${WEBHOOKS}:webhook/`,
  id: 'updateWebhook',
  summary: 'Change a webhook',
  description: 'Deliveries in progress keep the chain they started with.',
  params: webhookParams,
  body: changedFields,
  responses: { 200: { description: 'The updated webhook', body: webhookSchema } },
  etag: 'heeded',
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller, assertCurrent }) => {
    const { is_active: isActive, tells_builds: tellsBuilds, ...fields } = body;
    const changes = { ...fields, isActive, tellsBuilds };
    const repository = await administeredAsked(ctx, { caller, params });
    const hook = await updateWebhook(ctx, repository, params.webhook, changes, (current) =>
      assertCurrent(webhookBody(current)),
    );
    return reply(200, webhookBody(hook));
  },
});

const deleteOne = endpoint({
  ...FACTS,
  method: 'delete',
  path: `${WEBHOOKS}:webhook/`,
  id: 'deleteWebhook',
  summary: 'Delete a webhook and its deliveries',
  params: webhookParams,
  responses: { 204: { description: 'Deleted' } },
  handle: async (ctx, { params, caller }) => {
    await deleteWebhook(ctx, await administeredAsked(ctx, { caller, params }), params.webhook);
    return reply(204);
  },
});

/** A delivery that was just queued. */
export const queuedSchema = z
  .strictObject({
    id: z.int().describe('Id of the delivery'),
    url: z.string().describe('Path of the delivery in this API'),
  })
  .meta({ id: 'QueuedDelivery' });

/** The answer for a delivery that was just queued. */
export function queuedBody(params: z.output<typeof webhookParams>, id: number): z.input<typeof queuedSchema> {
  const { namespace, name } = repositoryOf(params);
  const url = `/api/v1.1/repositories/${namespace}/${name}/webhooks/${params.webhook}/deliveries/${id}/`;
  return { id, url };
}

const postTest = endpoint({
  ...FACTS,
  method: 'post',
  path: `${WEBHOOKS}:webhook/test/`,
  id: 'testWebhook',
  summary: 'Send a test delivery, even if the webhook is disabled',
  params: webhookParams,
  responses: { 202: { description: 'It will be sent', body: queuedSchema } },
  handle: async (ctx, { params, caller }) => {
    const id = await sendTest(ctx, await administeredAsked(ctx, { caller, params }), params.webhook);
    return reply(202, queuedBody(params, id));
  },
});

export const webhookEndpoints = [getAll, postOne, getOne, patchOne, deleteOne, postTest];
