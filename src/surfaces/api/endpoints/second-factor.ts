import { z } from 'zod';
import {
  beginSecondFactor,
  confirmSecondFactor,
  renewRecoveryCodes,
  secondFactorOf,
  turnOffSecondFactor,
} from '../../../features/accounts/second-factor';
import { endpoint, reply } from '../endpoint';
import { line, moment } from './schemas';
import { assertSelf, usernameParams } from './users';

/*
 * The second factor of an account. While it is on, only a session may change it, because Basic no longer takes the
 * password.
 */

const ONE = {
  path: '/api/v1.1/users/:username/second-factor/',
  tag: 'second factor',
  access: 'account',
  requiresPasswordLogin: true,
} as const;

const code = line(100).min(1);
const codesSchema = z
  .strictObject({ recovery_codes: z.array(z.string()).describe('Each can be used once; shown only now') })
  .meta({ id: 'RecoveryCodes' });

const getOne = endpoint({
  ...ONE,
  method: 'get',
  id: 'getSecondFactor',
  summary: 'Show whether your second factor is on',
  params: usernameParams,
  responses: {
    200: {
      description: 'The state',
      body: z.strictObject({ is_on: z.boolean(), since: moment.nullable(), recovery_codes_left: z.int() }),
    },
  },
  handle: async (ctx, { params, caller }) => {
    assertSelf(caller, params.username);
    const { isOn, since, recoveryCodesLeft } = await secondFactorOf(ctx, caller.actor);
    return reply(200, { is_on: isOn, since: since?.toISOString() ?? null, recovery_codes_left: recoveryCodesLeft });
  },
});

const postOne = endpoint({
  ...ONE,
  method: 'post',
  id: 'startSecondFactor',
  summary: 'Start setting up a second factor: returns a secret for your authenticator app, to be confirmed with a code',
  params: usernameParams,
  responses: {
    201: {
      description: 'The secret; shown only once',
      body: z.strictObject({
        secret: z.string().describe('Base32'),
        uri: z.string().describe('The same secret as a URI for a QR code'),
      }),
    },
  },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    assertSelf(caller, params.username);
    return reply(201, await beginSecondFactor(ctx, caller.actor));
  },
});

const putOne = endpoint({
  ...ONE,
  method: 'put',
  id: 'enableSecondFactor',
  summary: 'Turn on your second factor with a code from the app, and revoke all other sessions and OAuth tokens',
  params: usernameParams,
  body: z.strictObject({ code }),
  responses: { 200: { description: 'The second factor is on', body: codesSchema } },
  errors: ['conflict', 'busy'],
  handle: async (ctx, { params, body, caller }) => {
    assertSelf(caller, params.username);
    const { recoveryCodes } = await confirmSecondFactor(ctx, caller.actor, body.code, caller.session?.id);
    return reply(200, { recovery_codes: recoveryCodes });
  },
});

const deleteOne = endpoint({
  ...ONE,
  method: 'delete',
  id: 'disableSecondFactor',
  summary: 'Turn off a second factor',
  params: usernameParams,
  body: z.strictObject({
    code: code.optional().describe('A code from the app or a recovery code; administrators leave it out'),
  }),
  responses: { 204: { description: 'The second factor is off' } },
  errors: ['conflict', 'busy'],
  handle: async (ctx, { params, body, caller }) => {
    await turnOffSecondFactor(ctx, caller.actor, params.username, { code: body.code });
    return reply(204);
  },
});

const postCodes = endpoint({
  ...ONE,
  method: 'post',
  path: '/api/v1.1/users/:username/second-factor/recovery-codes/',
  id: 'createRecoveryCodes',
  summary: 'Create new recovery codes; the old ones stop working',
  params: usernameParams,
  body: z.strictObject({ code }),
  responses: { 201: { description: 'The new codes', body: codesSchema } },
  errors: ['conflict', 'busy'],
  handle: async (ctx, { params, body, caller }) => {
    assertSelf(caller, params.username);
    const { recoveryCodes } = await renewRecoveryCodes(ctx, caller.actor, body.code);
    return reply(201, { recovery_codes: recoveryCodes });
  },
});

export const secondFactorEndpoints = [getOne, postOne, putOne, deleteOne, postCodes];
