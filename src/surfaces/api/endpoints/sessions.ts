import { z } from 'zod';
import type { Context } from '../../../context';
import { confirmLogin } from '../../../features/accounts/confirm-login';
import {
  endOneSession,
  endOtherSessions,
  endSession,
  listSessions,
  type Session,
} from '../../../features/accounts/sessions';
import { AppError } from '../../../platform/errors';
import { csrfToken } from '../../../platform/http/csrf';
import { endedSessionCookie } from '../../../platform/http/session-cookie';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { logIn, type Login } from '../login';
import { idParam, line, moment } from './schemas';
import { usernameParams } from './users';

/* Sessions of browsers: log in, log out, list and end one's other sessions. */

const ONE = { path: '/api/v1.1/session/', tag: 'sessions' } as const;

const currentSchema = z
  .strictObject({
    username: z.string(),
    csrf_token: z.string().describe('Send this in the X-CSRF-Token header of every request that changes something'),
    expires_at: moment,
  })
  .meta({ id: 'CurrentSession' });

function currentBody(ctx: Context, username: string, secret: string, session: Session): z.input<typeof currentSchema> {
  return {
    username,
    csrf_token: csrfToken(ctx.tokenKey, secret),
    expires_at: session.expiresAt.toISOString(),
  };
}

const REFUSALS = {
  wrong: 'Wrong username or password',
  code_needed: 'The account has a second factor: send its code as well',
  wrong_code: 'The code is wrong or has already been used: wait for the next one and try again',
} as const satisfies Readonly<Record<Exclude<Awaited<ReturnType<typeof logIn>>, Login>['kind'], string>>;

const postSession = endpoint({
  ...ONE,
  method: 'post',
  access: 'open',
  id: 'logIn',
  summary: 'Log in',
  description:
    "Ends the browser's previous session. With a second factor on, a missing code is a 401, and `errors` names the field.",
  body: z.strictObject({
    username: line(255),
    password: line(4096),
    code: line(100).optional().describe('A code of the second factor or a recovery code'),
  }),
  responses: { 201: { description: 'Logged in', body: currentSchema, headers: { 'Set-Cookie': 'The session' } } },
  errors: ['unauthenticated', 'inactive', 'forbidden', 'busy'],
  handle: async (ctx, { req, body, caller }) => {
    const login = await logIn(ctx, req, body, caller.actor.address);
    if (login.kind !== 'done') {
      const message = login.kind === 'code_needed' ? 'is required' : 'is wrong';
      const fields = login.kind === 'wrong' ? [] : [{ field: 'body.code', message }];
      throw new AppError('unauthenticated', REFUSALS[login.kind], { fields });
    }
    const { username, secret, session, cookie } = login;
    return reply(201, currentBody(ctx, username, secret, session), { 'Set-Cookie': cookie });
  },
});

const getSession = endpoint({
  ...ONE,
  method: 'get',
  access: 'session',
  id: 'getSession',
  summary: 'Show the session of this browser',
  responses: { 200: { description: 'The session', body: currentSchema } },
  handle: async (ctx, { caller: { account, session } }) =>
    reply(200, currentBody(ctx, account.username, session.secret, session)),
});

const deleteSession = endpoint({
  ...ONE,
  method: 'delete',
  access: 'session',
  id: 'logOut',
  summary: 'Log out',
  responses: { 204: { description: 'Logged out', headers: { 'Set-Cookie': 'Clears the cookie' } } },
  handle: async (ctx, { req, caller }) => {
    await endSession(ctx, caller.session.secret, caller.actor.address);
    return { ...reply(204), headers: { 'Set-Cookie': endedSessionCookie(req, ctx.settings) } };
  },
});

const WRONG_FIELDS = { wrong: 'password', code_needed: 'code', wrong_code: 'code' } as const;

const confirmSession = endpoint({
  ...ONE,
  path: '/api/v1.1/session/confirm/',
  method: 'post',
  access: 'session',
  id: 'confirmSession',
  summary: 'Confirm the password: for ten minutes, the session can do what otherwise fails with password_needed',
  description:
    '`errors` names the field that is wrong or missing. Basic authentication with the password does not need this.',
  body: z.strictObject({
    password: line(4096),
    code: line(100).optional().describe('A code of the second factor, if it is on, or a recovery code'),
  }),
  responses: { 204: { description: 'Confirmed' } },
  errors: ['busy', 'inactive'],
  handle: async (ctx, { body, caller: { account, session, actor } }) => {
    const { userId, username } = account;
    const own = { id: session.id, userId, username, address: actor.address };
    const result = await confirmLogin(ctx, own, body);
    if (result === 'confirmed') return reply(204);
    const field = `body.${WRONG_FIELDS[result]}`;
    const message = result === 'code_needed' ? 'is required' : 'is wrong';
    const detail = result === 'wrong' ? 'The password is wrong' : REFUSALS[result];
    throw new AppError('invalid', detail, { fields: [{ field, message }] });
  },
});

const sessionSchema = z
  .strictObject({
    id: z.int(),
    address: z.string(),
    user_agent: z.string(),
    created_at: moment,
    last_seen_at: moment.describe('Accurate to five minutes'),
    expires_at: moment,
    is_current: z.boolean().describe('Whether it is the session of this request'),
  })
  .meta({ id: 'Session' });

const ALL = {
  path: '/api/v1.1/users/:username/sessions/',
  tag: 'sessions',
  access: 'account',
  requiresPasswordLogin: true,
} as const;

const getSessions = endpoint({
  ...ALL,
  method: 'get',
  id: 'listSessions',
  summary: 'List the active sessions of an account',
  params: usernameParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of sessions, newest first', body: pageOf(sessionSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const sessions = await listSessions(ctx, caller.actor, params.username);
    const bodies = sessions.map((session) => ({
      id: session.id,
      address: session.address,
      user_agent: session.userAgent,
      created_at: session.createdAt.toISOString(),
      last_seen_at: session.lastSeenAt.toISOString(),
      expires_at: session.expiresAt.toISOString(),
      is_current: session.id === caller.session?.id,
    }));
    return reply(200, pagedWhole(ctx, { req, query }, bodies));
  },
});

const deleteSessions = endpoint({
  ...ALL,
  method: 'delete',
  id: 'endOtherSessions',
  summary: 'End all sessions of an account except that of this request',
  params: usernameParams,
  responses: { 204: { description: 'Ended' } },
  handle: async (ctx, { params, caller }) => {
    await endOtherSessions(ctx, caller.actor, params.username, caller.session?.id);
    return reply(204);
  },
});

const deleteOneSession = endpoint({
  ...ALL,
  path: '/api/v1.1/users/:username/sessions/:id/',
  method: 'delete',
  id: 'endSession',
  summary: 'End one session of an account',
  params: usernameParams.extend({ id: idParam }),
  responses: { 204: { description: 'Ended' } },
  handle: async (ctx, { params, caller }) => {
    await endOneSession(ctx, caller.actor, params.username, params.id);
    return reply(204);
  },
});

export const sessionEndpoints = [
  postSession,
  getSession,
  deleteSession,
  confirmSession,
  getSessions,
  deleteSessions,
  deleteOneSession,
];
