import { z } from 'zod';
import { getProfile } from '../../../features/accounts/profiles';
import { exportAccount, type EXPORTED_LISTS } from '../../../features/exports/own-data';
import { renameAccount } from '../../../features/repositories/renaming';
import { endpoint, reply } from '../endpoint';
import { line, moment } from './schemas';
import { userBody, usernameParams, userSchema } from './users';

/* What an owner can do with a whole account. */

const rename = endpoint({
  method: 'post',
  path: '/api/v1.1/users/:username/rename/',
  tag: 'users',
  access: 'account',
  id: 'renameAccount',
  summary: 'Rename an account with its namespace: your own or, as a site administrator, any',
  description:
    'Pulls and logins by the old name still work, and nobody else can take it. Pushes need the new name. You can rename ' +
    'your own account three times in 30 days.',
  params: usernameParams,
  body: z.strictObject({ username: line(255).describe('The new username') }),
  responses: {
    200: { description: 'The renamed account', body: userSchema, headers: { Location: 'Path of the account' } },
  },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    const username = await renameAccount(ctx, caller.actor, params.username, body.username);
    const renamed = userBody(await getProfile(ctx, username));
    return reply(200, renamed, { Location: renamed.url });
  },
});

/** The document does not list the fields of the items, because later versions export more. */
const list = (description: string) => z.array(z.looseObject({})).describe(description);

const LISTS = {
  emails: list('Email addresses'),
  repositories: list('Repositories in the namespace of the account'),
  tags: list('Tags of these repositories'),
  stars: list('Starred repositories; the name is null if the account can no longer read it'),
  comments: list('Comments; the name of the repository is null if the account can no longer read it'),
  teams: list('Memberships in teams'),
  invitations: list('Open invitations to teams'),
  collaborations: list('Repositories of others to which the account may push'),
  access_tokens: list('Access tokens, without their secrets'),
  sessions: list('Logins in browsers'),
  identities: list('Users of OpenID providers who sign in to the account'),
  linked_accounts: list('Linked accounts at git providers, without their tokens, and the repositories there'),
  applications: list('Applications that may act for the account'),
  webhooks: list('Webhooks of the repositories, and others that the account created, without their secrets'),
  events: list('What the account did, as in the audit log'),
  events_by_others: list('What others did to the account, without who they are'),
} satisfies Readonly<Record<keyof typeof EXPORTED_LISTS, z.ZodType>>;

const exportSchema = z
  .strictObject({
    exported_at: moment,
    account: z.looseObject({ username: z.string() }).describe('The account and its profile'),
    ...LISTS,
  })
  .meta({ id: 'AccountExport' });

const getExport = endpoint({
  method: 'get',
  path: '/api/v1.1/users/:username/export/',
  tag: 'users',
  access: 'account',
  requiresPasswordLogin: true,
  id: 'exportAccount',
  summary: 'Download everything that is stored about your account',
  description: 'Five times an hour. There are no secrets in it: of tokens and webhooks it has the names and the dates.',
  params: usernameParams,
  responses: {
    200: {
      description: 'The data of the account',
      body: exportSchema,
      headers: { 'Content-Disposition': 'A name for the file' },
    },
  },
  errors: ['busy'],
  handle: async (ctx, { params, caller }) => {
    const { fileName, source } = await exportAccount(ctx, caller.actor, params.username);
    return reply(200, source, { 'Content-Disposition': `attachment; filename="${fileName}"` });
  },
});

export const ownAccountEndpoints = [rename, getExport];
