import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { verifyPassword } from '../../features/accounts/credentials';
import { createSession, endSession, SESSION_SECONDS, type Session } from '../../features/accounts/sessions';
import { getUser } from '../../features/accounts/users';
import { AppError } from '../../platform/errors';
import { isSameOrigin } from '../../platform/http/csrf';
import { ownOrigin } from '../../platform/http/own-origin';
import { readSessionCookie, sessionCookie } from '../../platform/http/session-cookie';

/** A session that has just begun. */
export interface Login {
  readonly username: string;
  readonly secret: string;
  readonly session: Session;
  /** for `Set-Cookie` */
  readonly cookie: string;
}

/**
 * Begins a session in a browser, in the place of the one that it had before.
 *
 * @returns undefined when the name and password do not belong together
 * @throws AppError `forbidden` for a page of somebody else, who would have the browser logged in as himself; `inactive`;
 *   `busy`
 */
export async function logIn(
  ctx: Context,
  req: IncomingMessage,
  given: { readonly username: string; readonly password: string },
  address: string,
): Promise<Login | undefined> {
  if (!isSameOrigin(req, ownOrigin(req, ctx.settings))) throw new AppError('forbidden', 'Log in from a page of ours');
  const identity = await verifyPassword(ctx, given.username, given.password, address);
  if (identity === undefined) return undefined;
  const { username } = await getUser(ctx, given.username);
  const before = readSessionCookie(req);
  if (before !== undefined) await endSession(ctx, before, address);
  const doer = { userId: identity.userId, name: username, address };
  const { secret, session } = await createSession(ctx, identity, doer, req.headers['user-agent'] ?? '');
  const cookie = sessionCookie(req, ctx.settings, { secret, seconds: SESSION_SECONDS });
  return { username, secret, session, cookie };
}
