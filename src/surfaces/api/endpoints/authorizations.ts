import { z } from 'zod';
import { listGrants, revokeGrant } from '../../../features/oauth/authorizations';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { moment, nameParam } from './schemas';
import { usernameParams } from './users';

/* The programs that an account lets act for it (OAuth 2). */

const FACTS = { tag: 'oauth', access: 'account', requiresPasswordLogin: true } as const;

const authorizationSchema = z
  .strictObject({
    client_id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    since: moment.describe('When the oldest current token was issued; a refresh issues new ones'),
    last_used_at: moment.nullable().describe('Accurate to five minutes; null if the current tokens have not been used'),
  })
  .meta({ id: 'Authorization' });

const getAll = endpoint({
  ...FACTS,
  method: 'get',
  path: '/api/v1.1/users/:username/authorizations/',
  id: 'listAuthorizedApplications',
  summary: 'List the applications authorized to act for an account',
  params: usernameParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of applications, by name', body: pageOf(authorizationSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const bodies = (await listGrants(ctx, caller.actor, params.username)).map((one) => ({
      client_id: one.clientId,
      name: one.name,
      scopes: [...one.scopes],
      since: one.since.toISOString(),
      last_used_at: one.lastUsedAt?.toISOString() ?? null,
    }));
    return reply(200, pagedWhole(ctx, { req, query }, bodies));
  },
});

const deleteOne = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/users/:username/authorizations/:client/',
  id: 'revokeApplication',
  summary: "Revoke an application's access to an account, with all its tokens",
  params: usernameParams.extend({ client: nameParam }),
  responses: { 204: { description: 'Revoked' } },
  handle: async (ctx, { params, caller }) => {
    await revokeGrant(ctx, caller.actor, params.username, params.client);
    return reply(204);
  },
});

export const authorizationEndpoints = [getAll, deleteOne];
