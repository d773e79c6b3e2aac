import type { IncomingMessage } from 'node:http';

/** How a cookie is kept by a browser. It is for the server alone: no script sees it. */
export interface CookieOptions {
  /** 0: the browser forgets it at once */
  readonly maxAgeSeconds: number;
  /** only over https */
  readonly isSecure: boolean;
}

/** The value of a cookie that the request brings; of several with one name, the first. */
export function readCookie(req: IncomingMessage, name: string): string | undefined {
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/**
 * A `Set-Cookie` value, for all paths, http-only and SameSite=Lax: a link from elsewhere finds its reader logged in, a
 * form from elsewhere does not.
 *
 * @param value - of characters that a cookie may have, such as base64url
 */
export function cookie(name: string, value: string, { maxAgeSeconds, isSecure }: CookieOptions): string {
  const parts = [`${name}=${value}`, 'Path=/', `Max-Age=${maxAgeSeconds}`, 'HttpOnly', 'SameSite=Lax'];
  return [...parts, ...(isSecure ? ['Secure'] : [])].join('; ');
}
