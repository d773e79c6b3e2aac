import { z } from 'zod';
import { doerOf } from '../../../features/access/doer';
import { listGrants, revokeGrant } from '../../../features/oauth/authorizations';
import { endpoint, reply } from '../endpoint';
import { moment, nameParam } from './schemas';
import { ownUser, usernameParams } from './users';

/* The programs that an account lets act for it (OAuth 2). */

const FACTS = { tag: 'oauth', access: 'account', isForAccountItself: true } as const;

const authorizationSchema = z
  .strictObject({
    client_id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    since: moment.describe('When the oldest of its tokens was given; a refresh gives new ones'),
    last_used_at: moment.nullable().describe('To five minutes; null: not with the tokens that it has now'),
  })
  .meta({ id: 'Authorization' });

const getAll = endpoint({
  ...FACTS,
  method: 'get',
  path: '/api/v1.1/users/:username/authorizations/',
  summary: 'List the programs that may act for an account',
  params: usernameParams,
  responses: { 200: { description: 'All of them, by name', body: z.array(authorizationSchema) } },
  handle: async (ctx, { params, caller }) => {
    const { id } = await ownUser(ctx, caller, params.username);
    const bodies = (await listGrants(ctx, id)).map((one) => ({
      client_id: one.clientId,
      name: one.name,
      scopes: [...one.scopes],
      since: one.since.toISOString(),
      last_used_at: one.lastUsedAt?.toISOString() ?? null,
    }));
    return reply(200, bodies);
  },
});

const deleteOne = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/users/:username/authorizations/:client/',
  summary: 'Let a program no longer act for an account; all its tokens end',
  params: usernameParams.extend({ client: nameParam }),
  responses: { 204: { description: 'Its tokens have ended' } },
  handle: async (ctx, { params, caller }) => {
    const user = await ownUser(ctx, caller, params.username);
    await revokeGrant(ctx, user, params.client, doerOf(caller.actor, caller.account));
    return reply(204);
  },
});

export const authorizationEndpoints = [getAll, deleteOne];
