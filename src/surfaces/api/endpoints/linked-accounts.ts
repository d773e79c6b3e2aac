import { z } from 'zod';
import { listLinkedAccounts, unlinkAccount, type LinkedAccount } from '../../../features/builds/linked/linked-accounts';
import { listRemoteRepositories } from '../../../features/builds/linked/linked-source';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { idParam, moment } from './schemas';
import { usernameParams } from './users';

/* Accounts at git providers that users linked, for automated builds. Only a browser can link one. */

const FACTS = { tag: 'builds', access: 'account', requiresPasswordLogin: true } as const;

const PATH = '/api/v1.1/users/:username/linked-accounts/';

const accountSchema = z
  .strictObject({
    id: z.int(),
    provider: z.enum(['github', 'bitbucket', 'gitlab', 'gitea']),
    base_url: z.string(),
    login: z.string().describe('The user of the provider'),
    access: z.enum(['full', 'limited']).describe('full: private repositories, hooks, deploy keys and statuses too'),
    problem: z.string().nullable().describe('Why it does not work'),
    since: moment,
  })
  .meta({ id: 'LinkedAccount' });

function accountBody(account: LinkedAccount): z.input<typeof accountSchema> {
  return {
    id: account.id,
    provider: account.provider,
    base_url: account.baseUrl,
    login: account.login,
    access: account.access,
    problem: account.problem ?? null,
    since: account.since.toISOString(),
  };
}

const getAll = endpoint({
  ...FACTS,
  method: 'get',
  path: PATH,
  id: 'listLinkedAccounts',
  summary: 'List the accounts at git providers that a user linked',
  params: usernameParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of linked accounts, the oldest first', body: pageOf(accountSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const bodies = (await listLinkedAccounts(ctx, caller.actor, params.username)).map(accountBody);
    return reply(200, pagedWhole(ctx, { req, query }, bodies));
  },
});

const deleteOne = endpoint({
  ...FACTS,
  method: 'delete',
  path: `${PATH}:id/`,
  id: 'unlinkAccount',
  summary: 'Unlink an account at a git provider',
  description: 'Hooks and deploy keys that were added there are removed in the background. Repositories stay.',
  params: usernameParams.extend({ id: idParam }),
  responses: { 204: { description: 'Unlinked' } },
  handle: async (ctx, { params, caller }) => {
    await unlinkAccount(ctx, caller.actor, params.username, params.id);
    return reply(204);
  },
});

const repositorySchema = z.strictObject({
  full_name: z.string(),
  is_private: z.boolean(),
  default_branch: z.string().nullable(),
});

const getRepositories = endpoint({
  ...FACTS,
  method: 'get',
  path: `${PATH}:id/repositories/`,
  id: 'listLinkedRepositories',
  summary: 'List the repositories of a linked account that can be built',
  description: 'Private ones only with full access. Only for the user themselves.',
  params: usernameParams.extend({ id: idParam }),
  query: z.strictObject({
    search: z.string().max(100).optional().describe('A part of the name'),
    cursor: z.string().max(200).optional().describe('next_cursor of the page before'),
  }),
  responses: {
    200: {
      description: 'A page of repositories, in the order of the provider',
      body: z.strictObject({ results: z.array(repositorySchema), next_cursor: z.string().nullable() }),
    },
  },
  errors: ['conflict', 'busy', 'unavailable'],
  handle: async (ctx, { params, query, caller }) => {
    const of = { username: params.username, id: params.id };
    const { repositories, next } = await listRemoteRepositories(ctx, caller.actor, of, query);
    const results = repositories.map(({ fullName, isPrivate, defaultBranch }) => ({
      full_name: fullName,
      is_private: isPrivate,
      default_branch: defaultBranch ?? null,
    }));
    return reply(200, { results, next_cursor: next ?? null });
  },
});

export const linkedAccountEndpoints = [getAll, deleteOne, getRepositories];
