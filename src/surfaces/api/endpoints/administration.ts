import { z } from 'zod';
import { listUsersPage, showUser, type AccountStatus } from '../../../features/accounts/user-list';
import { setStatus } from '../../../features/namespaces/account-status';
import { deleteUserAccount } from '../../../features/namespaces/account-deletion';
import { deleteUserWithRepositories } from '../../../features/repositories/owner-deletion';
import { endpoint, reply } from '../endpoint';
import { booleanQuery, paged, pageOf, pageQuery } from '../paging';
import { line, moment } from './schemas';
import { usernameParams } from './users';

/* The accounts that administrators manage. */

const listedUserSchema = z
  .strictObject({
    id: z.int(),
    username: z.string(),
    email: z.string().describe('The primary address; empty if there is none'),
    is_active: z.boolean(),
    is_admin: z.boolean(),
    date_joined: moment,
    plan: z
      .string()
      .nullable()
      .describe("The plan of the account's namespace; null for a robot, which has no namespace"),
    last_seen_at: moment.nullable().describe('Last use of any kind, accurate to five minutes; null if unknown'),
  })
  .meta({ id: 'ListedUser' });

const listUsers = endpoint({
  method: 'get',
  path: '/api/v1.1/users/',
  tag: 'administration',
  access: 'administrator',
  id: 'listAccounts',
  summary: 'List accounts',
  query: z.strictObject({
    ...pageQuery,
    q: line(255).optional().describe('Part of the username or of an email address'),
    is_active: booleanQuery,
    is_admin: booleanQuery,
  }),
  responses: { 200: { description: 'A page of accounts, by name', body: pageOf(listedUserSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const filter = { text: query.q, isActive: query.is_active, isAdmin: query.is_admin };
    const wanted = { page: query.page, pageSize: query.page_size };
    const { total, users } = await listUsersPage(ctx, caller.actor, filter, wanted);
    const results = users.map((user) => ({
      id: user.id,
      username: user.username,
      email: user.email ?? '',
      is_active: user.isActive,
      is_admin: user.isAdmin,
      date_joined: user.createdAt.toISOString(),
      plan: user.plan ?? null,
      last_seen_at: user.lastSeenAt?.toISOString() ?? null,
    }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

const statusSchema = z.strictObject({
  is_active: z.boolean().describe('Whether the account can log in'),
  is_admin: z.boolean().describe('Whether the account is a site administrator'),
});

function statusBody({ isActive, isAdmin }: AccountStatus): z.input<typeof statusSchema> {
  return { is_active: isActive, is_admin: isAdmin };
}

const STATUS_FACTS = {
  path: '/api/v1.1/users/:username/status/',
  tag: 'administration',
  access: 'administrator',
} as const;

const getStatus = endpoint({
  ...STATUS_FACTS,
  method: 'get',
  id: 'getAccountStatus',
  summary: 'Show whether an account is active and whether it is an administrator',
  params: usernameParams,
  responses: { 200: { description: 'The status', body: statusSchema } },
  etag: 'sent',
  handle: async (ctx, { params, caller }) => reply(200, statusBody(await showUser(ctx, caller.actor, params.username))),
});

const putStatus = endpoint({
  ...STATUS_FACTS,
  method: 'put',
  id: 'setAccountStatus',
  summary: 'Activate or deactivate an account, and grant or revoke administrator rights',
  params: usernameParams,
  body: statusSchema,
  responses: { 200: { description: 'The updated status', body: statusSchema } },
  etag: 'required',
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller, assertCurrent }) => {
    const status = { isActive: body.is_active, isAdmin: body.is_admin };
    const assertStatus = (current: AccountStatus): void => assertCurrent(statusBody(current));
    await setStatus(ctx, caller.actor, params.username, status, assertStatus);
    return reply(200, body);
  },
});

const deleteOne = endpoint({
  method: 'delete',
  path: '/api/v1.1/users/:username/',
  tag: 'users',
  access: 'account',
  id: 'deleteAccount',
  summary: 'Delete an account and its namespace: your own or, as a site administrator, any',
  params: usernameParams,
  query: z.strictObject({
    with_repositories: booleanQuery.describe(
      'Also delete its repositories; otherwise an account with repositories is not deleted',
    ),
  }),
  responses: { 204: { description: 'Deleted' } },
  errors: ['conflict'],
  handle: async (ctx, { params: { username }, query, caller }) => {
    if (query.with_repositories === true) await deleteUserWithRepositories(ctx, caller.actor, username);
    else await deleteUserAccount(ctx, caller.actor, username);
    return reply(204);
  },
});

export const administrationEndpoints = [listUsers, getStatus, putStatus, deleteOne];
