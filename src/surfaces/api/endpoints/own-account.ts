import { z } from 'zod';
import { getProfile } from '../../../features/accounts/profiles';
import { renameAccount } from '../../../features/repositories/renaming';
import { endpoint, reply } from '../endpoint';
import { line } from './schemas';
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

export const ownAccountEndpoints = [rename];
