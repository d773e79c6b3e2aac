import type { IncomingMessage } from 'node:http';

/** How a browser keeps a cookie. Only the server reads it; scripts cannot see it. */
export interface CookieOptions {
  /** 0: the browser forgets it at once. */
  readonly maxAgeSeconds: number;
  /** Whether the browser sends it only over https. */
  readonly isSecure: boolean;
}

/** The value of a cookie of the request; the first one if several have the same name. */
export function readCookie(req: IncomingMessage, name: string): string | undefined {
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/**
 * A `Set-Cookie` value for all paths, http-only and SameSite=Lax: a link from another site finds its reader logged in,
 * a form from another site does not.
 *
 * @param value - only characters that a cookie may have, such as base64url
 */
export function cookie(name: string, value: string, { maxAgeSeconds, isSecure }: CookieOptions): string {
  const parts = [`${name}=${value}`, 'Path=/', `Max-Age=${maxAgeSeconds}`, 'HttpOnly', 'SameSite=Lax'];
  return [...parts, ...(isSecure ? ['Secure'] : [])].join('; ');
}
