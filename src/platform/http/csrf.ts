import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isOrigin } from './cors';

/*
 * Against pages of others that send a browser, and the cookies in it, to us. Two things are asked of what changes
 * anything: that the browser says it comes from a page of ours, and a token that only our pages know.
 */

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** The header in which scripts send the token; forms send a field. */
export const CSRF_HEADER = 'x-csrf-token';

/** Whether the request can change anything. */
export function isUnsafe(req: IncomingMessage): boolean {
  return UNSAFE.has(req.method ?? '');
}

/**
 * The token of a session: whoever knows it has read a page of ours.
 *
 * @param key - of the installation
 * @param sessionId - as it stands in the cookie
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
 * Whether the request comes from a page of this server, or from no browser at all, as far as its headers say. Browsers
 * send at least one of the two headers with everything that is unsafe.
 *
 * @param origin - ours
 */
export function isSameOrigin(req: IncomingMessage, origin: string): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return req.headers.origin === undefined || req.headers.origin === origin;
}

/**
 * What to tell somebody whose request `isSameOrigin` refused. Mostly it is no attack: a proxy hides from this server how
 * browsers reach it, the port for instance, and only its operator can say so.
 *
 * @param origin - ours
 */
export function foreignOriginMessage(req: IncomingMessage, origin: string): string {
  const { origin: from = '' } = req.headers;
  const isKnown = isOrigin(from) && from !== origin;
  const sent = isKnown ? `This was sent from a page of ${from}` : 'This was sent from a page of another site';
  const advice = isKnown
    ? `If ${from} is the address of this hub, its operator must set DRYDOCK_PUBLIC_URL to it`
    : 'If you sent it from a page of this hub, its operator must set DRYDOCK_PUBLIC_URL to the address in your browser';
  return `${sent}, but the address of this hub is ${origin}. ${advice}`;
}
