import type { IncomingMessage } from 'node:http';

const ANY = 'http://localhost';

/**
 * A path of this site that a reader, or a link that they followed, named as the next page.
 *
 * @returns `otherwise` if it leads, or a browser might think that it leads, to another site
 */
export function ownPath(given: string | undefined | null, otherwise: string): string {
  if (typeof given !== 'string' || !/^\/(?![/\\])/.test(given) || !/^[\x21-\x7e]+$/.test(given)) return otherwise;
  if (!URL.canParse(given, ANY)) return otherwise;
  const { origin, pathname, search } = new URL(given, ANY);
  // The URL parser turns `/./\` and `/.//` into `//`.
  return origin === ANY && !pathname.startsWith('//') ? pathname + search : otherwise;
}

/**
 * The path of the page of this site from which a form was sent, if the browser tells it.
 *
 * @param origin - our own origin
 */
export function pageBefore(req: IncomingMessage, origin: string): string | undefined {
  const referer = req.method === 'POST' ? req.headers.referer : undefined;
  if (referer?.startsWith(`${origin}/`) !== true) return undefined;
  const path = ownPath(referer.slice(origin.length), '');
  return path === '' ? undefined : path;
}
