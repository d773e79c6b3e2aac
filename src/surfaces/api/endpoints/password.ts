import { z } from 'zod';
import { verifyFirstFactor } from '../../../features/accounts/credentials';
import { doerOf } from '../../../features/access/doer';
import { updateUser } from '../../../features/accounts/users';
import { AppError } from '../../../platform/errors';
import { endpoint, reply } from '../endpoint';
import { line } from './schemas';
import { ownUser, usernameParams } from './users';

const putPassword = endpoint({
  method: 'put',
  path: '/api/v1.1/users/:username/password/',
  isForAccountItself: true,
  tag: 'users',
  access: 'account',
  summary: 'Change a password and revoke all sessions and tokens of the account',
  params: usernameParams,
  body: z.strictObject({
    password: line(4096).describe('The new password'),
    current_password: line(4096).optional().describe('Required for your own account; administrators leave it out'),
  }),
  responses: { 204: { description: 'Changed' } },
  handle: async (ctx, { params, body, caller }) => {
    const { id, username } = await ownUser(ctx, caller, params.username);
    // Somebody may have left a browser open, or lost a token: neither may shut the owner out.
    if (id === caller.account.userId) {
      const { address } = caller.actor;
      const isRight = await verifyFirstFactor(ctx, username, body.current_password ?? '', address);
      if (isRight === undefined) {
        const fields = [{ field: 'body.current_password', message: 'is wrong' }];
        throw new AppError('invalid', 'The current password is wrong', { fields });
      }
    }
    await updateUser(ctx, username, { password: body.password }, doerOf(caller.actor, caller.account));
    return reply(204);
  },
});

export const passwordEndpoints = [putPassword];
