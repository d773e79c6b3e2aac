import { z } from 'zod';
import { ACCESS_LEVELS } from '../../../features/access/actor';
import type { AccessToken, NewAccessToken } from '../../../features/accounts/access-tokens';
import {
  createAccountToken,
  listAccountTokens,
  revokeAccountToken,
} from '../../../features/accounts/own-access-tokens';
import { fullName, parseFullName } from '../../../features/repositories/names';
import { AppError } from '../../../platform/errors';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { idParam, line, moment } from './schemas';
import { usernameParams } from './users';

/* The caller's own access tokens. The tokens of robots have the same bodies. */

const access = z.enum(ACCESS_LEVELS);

export const accessTokenSchema = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    access: access.describe('What the token can do; each level includes the one before it'),
    repositories: z
      .array(z.string())
      .nullable()
      .describe('The repositories it is limited to; null for every repository the account can access'),
    date_created: moment,
    expires_at: moment.nullable(),
    last_used_at: moment.nullable().describe('Accurate to the minute'),
    last_used_address: z.string().nullable(),
  })
  .meta({ id: 'AccessToken' });

export const madeTokenSchema = z
  .strictObject({ ...accessTokenSchema.shape, token: z.string().describe('The secret; shown only once') })
  .meta({ id: 'NewAccessToken' });

export const newTokenSchema = z.strictObject({
  name: line(100).min(1).describe('What the token is for; unique within the account'),
  access: access.default('read'),
  repositories: z.array(line(255)).min(1).max(100).optional().describe('Repositories as namespace/name; omit for all'),
  expires_at: z.iso.datetime({ offset: true }).optional(),
});

/** A token as the API shows it, without its secret. */
export function accessTokenBody(token: AccessToken): z.input<typeof accessTokenSchema> {
  return {
    id: token.id,
    name: token.name,
    access: token.access,
    repositories: token.repositories === undefined ? null : [...token.repositories],
    date_created: token.createdAt.toISOString(),
    expires_at: token.expiresAt?.toISOString() ?? null,
    last_used_at: token.lastUsedAt?.toISOString() ?? null,
    last_used_address: token.lastUsedAddress ?? null,
  };
}

function toFullName(text: string): string {
  const name = parseFullName(text);
  if (name !== undefined) return fullName(name);
  const fields = [{ field: 'body.repositories', message: `${text} is not a valid repository name` }];
  throw new AppError('invalid', 'The body is not valid', { fields });
}

/**
 * The token to create.
 *
 * @throws AppError `invalid` for a text that cannot be the name of a repository
 */
export function newTokenOf(body: z.output<typeof newTokenSchema>): NewAccessToken {
  return {
    name: body.name,
    access: body.access,
    repositories: body.repositories?.map(toFullName),
    expiresAt: body.expires_at === undefined ? undefined : new Date(body.expires_at),
  };
}

const ALL = {
  path: '/api/v1.1/users/:username/tokens/',
  tag: 'access tokens',
  access: 'account',
  requiresPasswordLogin: true,
} as const;

const getTokens = endpoint({
  ...ALL,
  method: 'get',
  id: 'listAccessTokens',
  summary: 'List your access tokens',
  params: usernameParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of tokens, oldest first', body: pageOf(accessTokenSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const tokens = await listAccountTokens(ctx, caller.actor, params.username);
    return reply(200, pagedWhole(ctx, { req, query }, tokens.map(accessTokenBody)));
  },
});

const postToken = endpoint({
  ...ALL,
  method: 'post',
  id: 'createAccessToken',
  summary: 'Create an access token, which replaces the password in docker login, scripts and this API',
  params: usernameParams,
  body: newTokenSchema,
  responses: { 201: { description: 'The token and its secret', body: madeTokenSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    const { token, secret } = await createAccountToken(ctx, caller.actor, params.username, newTokenOf(body));
    return reply(201, { ...accessTokenBody(token), token: secret });
  },
});

const deleteToken = endpoint({
  ...ALL,
  method: 'delete',
  path: '/api/v1.1/users/:username/tokens/:id/',
  id: 'revokeAccessToken',
  summary: 'Revoke an access token and everything issued with it',
  params: z.object({ ...usernameParams.shape, id: idParam }),
  responses: { 204: { description: 'Revoked' } },
  handle: async (ctx, { params, caller }) => {
    await revokeAccountToken(ctx, caller.actor, params.username, params.id);
    return reply(204);
  },
});

export const accessTokenEndpoints = [getTokens, postToken, deleteToken];
