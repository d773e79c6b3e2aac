import { z } from 'zod';
import { doerOf } from '../../../features/access/doer';
import {
  beginSecondFactor,
  confirmSecondFactor,
  renewRecoveryCodes,
  secondFactorOf,
  turnOffSecondFactor,
  turnOffSecondFactorOf,
} from '../../../features/accounts/second-factor';
import { endpoint, reply } from '../endpoint';
import { line, moment } from './schemas';
import { assertSelf, ownUser, usernameParams } from './users';

/* The second factor of an account. While it is on, only a session may change it: Basic takes no password then. */

const ONE = {
  path: '/api/v1.1/users/:username/second-factor/',
  tag: 'second factor',
  access: 'account',
  isForAccountItself: true,
} as const;

const code = line(100).min(1);
const codesSchema = z
  .strictObject({ recovery_codes: z.array(z.string()).describe('Each is good once; they are shown this once') })
  .meta({ id: 'RecoveryCodes' });

const getOne = endpoint({
  ...ONE,
  method: 'get',
  summary: 'Show whether your second factor is on',
  params: usernameParams,
  responses: {
    200: {
      description: 'Its state',
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
  summary: 'Begin a second factor: a secret for your app; it is on when you confirm it',
  params: usernameParams,
  responses: {
    201: {
      description: 'The secret; it is shown this once',
      body: z.strictObject({
        secret: z.string().describe('In base32'),
        uri: z.string().describe('The same, to be shown as a QR code'),
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
  summary: 'Turn your second factor on with a code of the app; all other sessions and OAuth tokens end',
  params: usernameParams,
  body: z.strictObject({ code }),
  responses: { 200: { description: 'It is on', body: codesSchema } },
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
  summary: 'Turn a second factor off',
  params: usernameParams,
  body: z.strictObject({
    code: code.optional().describe('Of the app, or a recovery code; not for an administrator to give'),
  }),
  responses: { 204: { description: 'It is off' } },
  errors: ['conflict', 'busy'],
  handle: async (ctx, { params, body, caller }) => {
    const user = await ownUser(ctx, caller, params.username);
    if (user.id === caller.account.userId) await turnOffSecondFactor(ctx, caller.actor, body.code ?? '');
    else await turnOffSecondFactorOf(ctx, user.username, doerOf(caller.actor, caller.account));
    return reply(204);
  },
});

const postCodes = endpoint({
  ...ONE,
  method: 'post',
  path: '/api/v1.1/users/:username/second-factor/recovery-codes/',
  summary: 'Make new recovery codes; the old ones are good no more',
  params: usernameParams,
  body: z.strictObject({ code }),
  responses: { 201: { description: 'The new ones', body: codesSchema } },
  errors: ['conflict', 'busy'],
  handle: async (ctx, { params, body, caller }) => {
    assertSelf(caller, params.username);
    const { recoveryCodes } = await renewRecoveryCodes(ctx, caller.actor, body.code);
    return reply(201, { recovery_codes: recoveryCodes });
  },
});

export const secondFactorEndpoints = [getOne, postOne, putOne, deleteOne, postCodes];
