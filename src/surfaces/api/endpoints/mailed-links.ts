import { z } from 'zod';
import { confirmEmail } from '../../../features/accounts/confirmation';
import { requestPasswordReset, resetPassword } from '../../../features/accounts/password-reset';
import { endpoint, reply } from '../endpoint';
import { line, nameParam } from './schemas';

/* Requests with the secrets at the ends of mailed links, and the mail for a user who has forgotten their password. */

const secret = line(255).describe('The secret at the end of the emailed link');
const OPEN = { method: 'post', access: 'open' } as const;

const postReset = endpoint({
  ...OPEN,
  path: '/api/v1.1/password/reset/',
  tag: 'users',
  id: 'requestPasswordReset',
  summary: 'Request a password reset link by email',
  description: 'The response is the same whether or not the account exists.',
  body: z.union([z.strictObject({ username: nameParam }), z.strictObject({ email: nameParam })]),
  responses: { 202: { description: 'If the account exists, an email will be sent' } },
  errors: ['busy'],
  handle: async (ctx, { body, caller }) => {
    await requestPasswordReset(ctx, 'username' in body ? body.username : body.email, caller.actor.address);
    return reply(202);
  },
});

const confirmReset = endpoint({
  ...OPEN,
  path: '/api/v1.1/password/reset/confirm/',
  tag: 'users',
  id: 'resetPassword',
  summary: 'Set a new password and revoke all sessions and tokens of the account',
  body: z.strictObject({ secret, password: line(4096) }),
  responses: { 200: { description: 'The password is set', body: z.strictObject({ username: z.string() }) } },
  errors: ['not_found', 'busy'],
  handle: async (ctx, { body, caller }) =>
    reply(200, await resetPassword(ctx, body.secret, body.password, caller.actor.address)),
});

const confirmAddress = endpoint({
  method: 'post',
  access: 'optional',
  path: '/api/v1.1/emails/confirm/',
  tag: 'emails',
  id: 'confirmEmailAddress',
  summary: 'Confirm an email address with an emailed link',
  description:
    'The secret alone confirms the address that an account was registered with. For one that was added later, its owner ' +
    'must also be logged in and have given the password within the last ten minutes.',
  body: z.strictObject({ secret }),
  responses: {
    200: {
      description: 'Confirmed',
      body: z.strictObject({ username: z.string(), is_active: z.boolean().describe('Whether the account can log in') }),
    },
  },
  errors: ['not_found', 'unauthenticated', 'forbidden', 'password_needed'],
  handle: async (ctx, { body, caller }) => {
    const { username, isActive } = await confirmEmail(ctx, caller.actor, body.secret);
    return reply(200, { username, is_active: isActive });
  },
});

export const mailedLinkEndpoints = [postReset, confirmReset, confirmAddress];
