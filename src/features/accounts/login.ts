import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Identity } from '../access/actor';
import { verifyFirstFactor } from './credentials';
import { issueTicket, readTicket } from './login-ticket';
import { useCode } from './second-factor-codes';
import { findCandidate } from './second-factor.store';
import { createSession, endSession, type Session, type SessionStart } from './sessions';

/*
 * Logging in in a browser, for every surface: with the password and, if a second factor is on, a code. A surface that
 * asks for the code on a second page gets a ticket, so that the password is not sent again.
 */

type LoggingIn = Needs<'db' | 'log' | 'passwords' | 'loginLimiters' | 'recentLogins' | 'recentlySeen' | 'tokenKey'>;

/** The browser that logs in. */
export interface Browser {
  readonly address: string;
  readonly userAgent: string;
  /** the secret of its previous session, which ends */
  readonly previousSecret?: string | undefined;
}

/** A completed login: the secret is for the cookie. */
export interface LoggedIn {
  readonly kind: 'done';
  readonly username: string;
  readonly secret: string;
  readonly session: Session;
}

export type LoginResult =
  | LoggedIn
  | { readonly kind: 'wrong' } // the name and password do not belong together
  | { readonly kind: 'code_needed'; readonly ticket: string }
  | { readonly kind: 'wrong_code' };

/** `expired`: the ticket is too old, or the account has changed; the user must give the password again. */
export type FinishedLogin = LoggedIn | { readonly kind: 'wrong_code' } | { readonly kind: 'expired' };

async function beginSession(
  ctx: Needs<'db'>,
  identity: Identity,
  username: string,
  browser: Browser,
  start?: SessionStart,
): Promise<LoggedIn> {
  const { address, userAgent, previousSecret } = browser;
  if (previousSecret !== undefined) await endSession(ctx, previousSecret, address);
  const doer = { userId: identity.userId, name: username, address };
  return { kind: 'done', username, ...(await createSession(ctx, identity, doer, userAgent, start)) };
}

/**
 * Begins a session, which replaces the one that the browser had before.
 *
 * @param given - `code`: of the app, or a recovery code; ignored if no second factor is on
 * @throws AppError `inactive`; `busy` after too many wrong passwords or codes
 */
export async function logIn(
  ctx: LoggingIn,
  given: { readonly username: string; readonly password: string; readonly code?: string | undefined },
  browser: Browser,
): Promise<LoginResult> {
  const found = await verifyFirstFactor(ctx, given.username, given.password, browser.address);
  if (found === undefined) return { kind: 'wrong' };
  const { identity, username, hasSecondFactor } = found;
  if (hasSecondFactor) {
    if (given.code === undefined) {
      return { kind: 'code_needed', ticket: issueTicket(ctx.tokenKey, { identity, start: {} }) };
    }
    const { userId } = identity;
    const isRight = await useCode(ctx, { userId, username, address: browser.address }, given.code);
    if (!isRight) return { kind: 'wrong_code' };
  }
  return beginSession(ctx, identity, username, browser);
}

/**
 * The second step, with the ticket of the first.
 *
 * @throws AppError `inactive`; `busy` after too many wrong codes
 */
export async function finishLogIn(
  ctx: LoggingIn,
  { ticket, code }: { readonly ticket: string; readonly code: string },
  browser: Browser,
): Promise<FinishedLogin> {
  const step = readTicket(ctx.tokenKey, ticket);
  if (step === undefined) return { kind: 'expired' };
  const { identity, start } = step;
  const user = await findCandidate(ctx.db, identity.userId);
  if (user?.credentials_epoch !== identity.credentialsEpoch || !user.has_second_factor) {
    return { kind: 'expired' };
  }
  if (!user.is_active) throw new AppError('inactive', 'Account is not Active');
  const { username } = user;
  const isRight = await useCode(ctx, { userId: identity.userId, username, address: browser.address }, code);
  return isRight ? beginSession(ctx, identity, username, browser, start) : { kind: 'wrong_code' };
}

/**
 * Begins a session of an account whose owner a provider has identified. The second factor that they turned on here is
 * asked for as well.
 *
 * @param start - how fresh the login at the provider is
 * @returns undefined when the account is gone
 * @throws AppError `inactive`
 */
export async function logInIdentified(
  ctx: Needs<'db' | 'tokenKey'>,
  userId: number,
  browser: Browser,
  start: SessionStart,
): Promise<LoggedIn | { readonly kind: 'code_needed'; readonly ticket: string } | undefined> {
  const user = await findCandidate(ctx.db, userId);
  if (user === undefined) return undefined;
  if (!user.is_active) throw new AppError('inactive', 'Account is not Active');
  const identity = { userId, credentialsEpoch: user.credentials_epoch };
  if (user.has_second_factor) return { kind: 'code_needed', ticket: issueTicket(ctx.tokenKey, { identity, start }) };
  return beginSession(ctx, identity, user.username, browser, start);
}
