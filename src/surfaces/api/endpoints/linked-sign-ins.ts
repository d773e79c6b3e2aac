import { z } from 'zod';
import { listLinked, unlink } from '../../../features/openid/linking';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { idParam, moment } from './schemas';
import { usernameParams } from './users';

/* The users of an OpenID provider that are linked to an account. Only a browser can link one. */

const FACTS = { tag: 'users', access: 'account', requiresPasswordLogin: true } as const;

const linkedSchema = z
  .strictObject({
    id: z.int(),
    issuer: z.url().describe('The provider'),
    subject: z.string().describe('The user of the provider'),
    email: z.string().nullable().describe('As the provider named it at the last sign-in'),
    since: moment,
    last_used_at: moment,
  })
  .meta({ id: 'LinkedSignIn' });

const getAll = endpoint({
  ...FACTS,
  method: 'get',
  path: '/api/v1.1/users/:username/sign-ins/',
  id: 'listLinkedSignIns',
  summary: 'List the users of an OpenID provider that are linked to an account',
  params: usernameParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of linked sign-ins, the oldest first', body: pageOf(linkedSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const bodies = (await listLinked(ctx, caller.actor, params.username)).map((one) => ({
      id: one.id,
      issuer: one.issuer,
      subject: one.subject,
      email: one.email ?? null,
      since: one.since.toISOString(),
      last_used_at: one.lastUsedAt.toISOString(),
    }));
    return reply(200, pagedWhole(ctx, { req, query }, bodies));
  },
});

const deleteOne = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/users/:username/sign-ins/:id/',
  id: 'unlinkSignIn',
  summary: 'Unlink a user of an OpenID provider; not the only way to sign in of an account without a password',
  params: usernameParams.extend({ id: idParam }),
  responses: { 204: { description: 'Unlinked' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    await unlink(ctx, caller.actor, params.username, params.id);
    return reply(204);
  },
});

export const linkedSignInEndpoints = [getAll, deleteOne];
