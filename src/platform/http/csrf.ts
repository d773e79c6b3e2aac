import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isOrigin } from './cors';

/*
 * Protection against other sites that make a browser send us requests with its cookies. A request that changes anything
 * needs two things: the browser says that it comes from one of our pages, and it carries a token that only our pages
 * know.
 */

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** The header in which scripts send the token; forms send a field. */
export const CSRF_HEADER = 'x-csrf-token';

/** Whether a request with this method can change anything. */
export function isUnsafe(req: IncomingMessage): boolean {
  return UNSAFE.has(req.method ?? '');
}

/**
 * The token of a session: a client that knows it has read one of our pages.
 *
 * @param key - of the installation
 * @param sessionId - as it is in the cookie
 */
export function csrfToken(key: Buffer, sessionId: string): string {
  return createHmac('sha256', key).update(`csrf\0${sessionId}`).digest('base64url');
}

/** Whether `given` is the session's token. */
export function isCsrfToken(key: Buffer, sessionId: string, given: string | undefined): boolean {
  const expected = Buffer.from(csrfToken(key, sessionId));
  const actual = Buffer.from(given ?? '');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/**
 * Whether the request comes from a page of this server, or not from a browser at all, as far as its headers say.
 * Browsers send at least one of the two headers with every unsafe request.
 *
 * @param origin - our own origin
 */
export function isSameOrigin(req: IncomingMessage, origin: string): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return req.headers.origin === undefined || req.headers.origin === origin;
}

/**
 * The message for a user whose request `isSameOrigin` refused. Usually it is not an attack: a proxy hides from this
 * server how browsers reach it, the port for instance, and only its operator can configure that.
 *
 * @param origin - our own origin
 */
export function foreignOriginMessage(req: IncomingMessage, origin: string): string {
  const { origin: from = '' } = req.headers;
  const isKnown = isOrigin(from) && from !== origin;
  const sent = isKnown ? `This was sent from a page of ${from}` : 'This was sent from a page of another site';
  const advice = isKnown
    ? `If ${from} is the address of this hub, its operator has to set DRYDOCK_PUBLIC_URL to it`
    : 'If you sent it from a page of this hub, its operator has to set DRYDOCK_PUBLIC_URL to the address in your browser';
  return `${sent}, but the address of this hub is ${origin}. ${advice}`;
}
