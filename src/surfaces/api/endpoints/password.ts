import { z } from 'zod';
import { changePassword } from '../../../features/accounts/password-change';
import { AppError } from '../../../platform/errors';
import { endpoint, reply } from '../endpoint';
import { line } from './schemas';
import { usernameParams } from './users';

const putPassword = endpoint({
  method: 'put',
  path: '/api/v1.1/users/:username/password/',
  requiresPasswordLogin: true,
  tag: 'users',
  access: 'account',
  id: 'changePassword',
  summary: 'Change a password and revoke all sessions and tokens of the account',
  params: usernameParams,
  body: z.strictObject({
    password: line(4096).describe('The new password'),
    current_password: line(4096).optional().describe('Required for your own account; administrators leave it out'),
  }),
  responses: { 204: { description: 'Changed' } },
  handle: async (ctx, { params, body, caller }) => {
    const given = { password: body.password, current: body.current_password ?? '' };
    if ((await changePassword(ctx, caller.actor, params.username, given)) === 'changed') return reply(204);
    const fields = [{ field: 'body.current_password', message: 'is wrong' }];
    throw new AppError('invalid', 'The current password is wrong', { fields });
  },
});

export const passwordEndpoints = [putPassword];
