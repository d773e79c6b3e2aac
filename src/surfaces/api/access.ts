import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { basicActor, type Account, type Actor } from '../../features/access/actor';
import { verifyCredentials } from '../../features/accounts/credentials';
import { identifyAccount } from '../../features/access/current-account';
import { findSession, sessionActor, type Session } from '../../features/accounts/sessions';
import { findAccessToken } from '../../features/oauth/grants';
import type { Scope } from '../../features/oauth/scopes';
import { AppError } from '../../platform/errors';
import { readAuthorization } from '../../platform/http/authorization';
import { clientAddress } from '../../platform/http/client-address';
import { CSRF_HEADER, foreignOriginMessage, isCsrfToken, isSameOrigin, isUnsafe } from '../../platform/http/csrf';
import { ownOrigin } from '../../platform/http/own-origin';
import type { Guard } from '../../platform/http/route';
import { readSessionCookie } from '../../platform/http/session-cookie';

/*
 * The guards of the API. A guard identifies the caller, or refuses; the features decide what the caller may do.
 *
 *   open            credentials are ignored
 *   optional        Basic, Bearer, a session, or none
 *   account         Basic, Bearer or a session is required
 *   administrator   the same, and the account must be an administrator
 *   session         a session is required
 *
 * An Authorization header has precedence over a cookie. A request that relies on a cookie must prove that one of our
 * pages sent it (platform/http/csrf.ts).
 */

export type Access = 'open' | 'optional' | 'account' | 'administrator' | 'session';

/** A session and the secret of its cookie. */
export interface CallerSession extends Session {
  readonly secret: string;
}

/** The caller of an endpoint. */
export interface Caller {
  readonly actor: Actor;
  /** undefined: an anonymous caller */
  readonly account: Account | undefined;
  /** what an OAuth token allows; undefined: everything that the account may do */
  readonly scopes: ReadonlySet<Scope> | undefined;
  readonly session: CallerSession | undefined;
}

/** A caller with an account. */
export type AccountCaller = Caller & { readonly account: Account };

/** What a handler learns about its caller, by guard. */
export interface Callers {
  open: Caller;
  optional: Caller;
  account: AccountCaller;
  administrator: AccountCaller;
  session: AccountCaller & { readonly session: CallerSession };
}

function authenticationRequired(): AppError {
  return new AppError('unauthenticated', 'Authentication credentials are missing or invalid');
}

function anonymous(address: string): Caller {
  return { actor: { kind: 'anonymous', address }, account: undefined, scopes: undefined, session: undefined };
}

/**
 * Refuses a request that a page of another site may have made a browser send.
 *
 * @throws AppError `forbidden`
 */
function assertOwnPage(ctx: Context, req: IncomingMessage, secret: string): void {
  const token = req.headers[CSRF_HEADER];
  const origin = ownOrigin(req, ctx.settings);
  if (!isSameOrigin(req, origin)) throw new AppError('forbidden', foreignOriginMessage(req, origin));
  const isOurs = isCsrfToken(ctx.tokenKey, secret, typeof token === 'string' ? token : undefined);
  if (!isOurs) throw new AppError('forbidden', 'The X-CSRF-Token header is missing or invalid');
}

async function bySession(ctx: Context, req: IncomingMessage, address: string): Promise<Caller> {
  const secret = readSessionCookie(req);
  const found = secret === undefined ? undefined : await findSession(ctx, secret);
  if (secret === undefined || found === undefined) return anonymous(address);
  if (isUnsafe(req)) assertOwnPage(ctx, req, secret);
  const { account, session } = found;
  return { actor: sessionActor(found, address), account, scopes: undefined, session: { ...session, secret } };
}

async function byAccessToken(ctx: Context, token: string, address: string): Promise<Caller> {
  const found = await findAccessToken(ctx, token);
  if (found === undefined) throw authenticationRequired();
  const { account, scopes } = found;
  return { actor: { kind: 'program', userId: account.userId, address }, account, scopes, session: undefined };
}

/** @throws AppError `unauthenticated`, `inactive`, `busy` for too many wrong passwords, `forbidden` without CSRF token */
async function identify(ctx: Context, req: IncomingMessage): Promise<Caller> {
  const address = clientAddress(req, ctx.settings.trustsProxy);
  const authorization = readAuthorization(req.headers.authorization);
  if (authorization.kind === 'none') return bySession(ctx, req, address);
  if (authorization.kind === 'bearer') return byAccessToken(ctx, authorization.text, address);
  if (authorization.kind !== 'basic') throw authenticationRequired();
  const { username, password } = authorization;
  const identity = await verifyCredentials(ctx, username, password, address);
  if (identity === undefined) throw authenticationRequired();
  const actor = basicActor(identity, address);
  return { actor, account: await identifyAccount(ctx, actor), scopes: undefined, session: undefined };
}

async function requireAccount(ctx: Context, req: IncomingMessage): Promise<AccountCaller> {
  const caller = await identify(ctx, req);
  if (caller.account === undefined) throw authenticationRequired();
  return { ...caller, account: caller.account };
}

async function requireAdministrator(ctx: Context, req: IncomingMessage): Promise<AccountCaller> {
  const caller = await requireAccount(ctx, req);
  if (!caller.account.isAdmin) throw new AppError('forbidden', 'Only administrators can do this');
  return caller;
}

async function requireSession(ctx: Context, req: IncomingMessage): Promise<Callers['session']> {
  const caller = await requireAccount(ctx, req);
  if (caller.session === undefined) throw authenticationRequired();
  return { ...caller, session: caller.session };
}

/** The guards of all API routes. */
export function apiGuards(ctx: Context): { readonly [A in Access]: Guard<Callers[A]> } {
  return {
    open: (req) => Promise.resolve(anonymous(clientAddress(req, ctx.settings.trustsProxy))),
    optional: (req) => identify(ctx, req),
    account: (req) => requireAccount(ctx, req),
    administrator: (req) => requireAdministrator(ctx, req),
    session: (req) => requireSession(ctx, req),
  };
}
