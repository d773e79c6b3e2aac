import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { logIn as begin, type LoggedIn, type LoginResult } from '../../features/accounts/login';
import { SESSION_SECONDS } from '../../features/accounts/sessions';
import { AppError } from '../../platform/errors';
import { foreignOriginMessage, isSameOrigin } from '../../platform/http/csrf';
import { ownOrigin } from '../../platform/http/own-origin';
import { readSessionCookie, sessionCookie } from '../../platform/http/session-cookie';

/** A session that has just begun; `cookie` is the value for `Set-Cookie`. */
export type Login = LoggedIn & { readonly cookie: string };

/**
 * Begins a session in a browser and ends the one that it had before.
 *
 * @throws AppError `forbidden` for a page of another site, which would log the browser in as an account of its own;
 *   `inactive`; `busy`
 */
export async function logIn(
  ctx: Context,
  req: IncomingMessage,
  given: { readonly username: string; readonly password: string; readonly code?: string | undefined },
  address: string,
): Promise<Login | Exclude<LoginResult, LoggedIn>> {
  const origin = ownOrigin(req, ctx.settings);
  if (!isSameOrigin(req, origin)) throw new AppError('forbidden', foreignOriginMessage(req, origin));
  const userAgent = req.headers['user-agent'] ?? '';
  const login = await begin(ctx, given, { address, userAgent, previousSecret: readSessionCookie(req) });
  if (login.kind !== 'done') return login;
  const cookie = sessionCookie(req, ctx.settings, { secret: login.secret, seconds: SESSION_SECONDS });
  return { ...login, cookie };
}
