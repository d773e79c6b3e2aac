import type { IncomingMessage } from 'node:http';
import type { Context } from '../../../../context';
import type { Browser, LoggedIn } from '../../../../features/accounts/login';
import { SESSION_SECONDS } from '../../../../features/accounts/sessions';
import { readSessionCookie, sessionCookie } from '../../../../platform/http/session-cookie';

/** The browser that logs in; its present session ends. */
export function browserOf(req: IncomingMessage, address: string): Browser {
  return { address, userAgent: req.headers['user-agent'] ?? '', previousSecret: readSessionCookie(req) };
}

/** The `Set-Cookie` value of a login. */
export function cookieOf(ctx: Context, req: IncomingMessage, { secret }: LoggedIn): string {
  return sessionCookie(req, ctx.settings, { secret, seconds: SESSION_SECONDS });
}
