import { z } from 'zod';
import { createClient, deleteClient, listClients, type OAuthClient } from '../../../features/oauth/clients';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { line, moment, nameParam } from './schemas';

const clientSchema = z
  .strictObject({
    client_id: z.string(),
    name: z.string(),
    redirect_uris: z.array(z.string()),
    date_created: moment,
  })
  .meta({ id: 'OAuthClient' });

const newClientSchema = z
  .strictObject({ ...clientSchema.shape, client_secret: z.string().describe('Shown only once') })
  .meta({ id: 'NewOAuthClient' });

function clientBody({ clientId, name, redirectUris, createdAt }: OAuthClient): z.input<typeof clientSchema> {
  return { client_id: clientId, name, redirect_uris: [...redirectUris], date_created: createdAt.toISOString() };
}

const FACTS = { path: '/api/v1.1/oauth-clients/', tag: 'oauth', access: 'administrator' } as const;

const getClients = endpoint({
  ...FACTS,
  method: 'get',
  id: 'listOAuthClients',
  summary: 'List OAuth clients',
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of clients, by name', body: pageOf(clientSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const { total, clients } = await listClients(ctx, caller.actor, rangeOf(query));
    return reply(200, paged(ctx, { req, query }, total, clients.map(clientBody)));
  },
});

const postClient = endpoint({
  ...FACTS,
  method: 'post',
  id: 'createOAuthClient',
  summary: 'Create an OAuth client',
  body: z.strictObject({
    name: line(100).describe('The name shown to users'),
    redirect_uris: z.array(line(2000)).min(1).max(20).describe('The allowed redirect URIs'),
  }),
  responses: { 201: { description: 'The client and its secret', body: newClientSchema } },
  handle: async (ctx, { body, caller }) => {
    const input = { name: body.name, redirectUris: body.redirect_uris };
    const { client, secret } = await createClient(ctx, caller.actor, input);
    return reply(201, { ...clientBody(client), client_secret: secret });
  },
});

const deleteOne = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/oauth-clients/:client_id/',
  id: 'deleteOAuthClient',
  summary: 'Delete an OAuth client and revoke its tokens',
  params: z.object({ client_id: nameParam }),
  responses: { 204: { description: 'Deleted' } },
  handle: async (ctx, { params, caller }) => {
    await deleteClient(ctx, caller.actor, params.client_id);
    return reply(204);
  },
});

export const oauthClientEndpoints = [getClients, postClient, deleteOne];
