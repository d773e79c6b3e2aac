import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

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
