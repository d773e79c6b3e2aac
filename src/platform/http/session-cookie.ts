import type { IncomingMessage } from 'node:http';
import { cookie, readCookie } from './cookies';
import { ownOrigin, type Reachability } from './own-origin';

const NAME = 'drydock_session';

/** The session secret in the request's cookie, if any. */
export function readSessionCookie(req: IncomingMessage): string | undefined {
  const secret = readCookie(req, NAME);
  return secret === '' ? undefined : secret;
}

function isSecure(req: IncomingMessage, reachability: Reachability): boolean {
  return ownOrigin(req, reachability).startsWith('https:');
}

/**
 * The `Set-Cookie` value that begins a session in the browser; over https, it is sent only over https.
 *
 * @param session.seconds - how long it lasts
 */
export function sessionCookie(
  req: IncomingMessage,
  reachability: Reachability,
  session: { readonly secret: string; readonly seconds: number },
): string {
  return cookie(NAME, session.secret, { maxAgeSeconds: session.seconds, isSecure: isSecure(req, reachability) });
}

/** The `Set-Cookie` value that ends it. */
export function endedSessionCookie(req: IncomingMessage, reachability: Reachability): string {
  return cookie(NAME, '', { maxAgeSeconds: 0, isSecure: isSecure(req, reachability) });
}
