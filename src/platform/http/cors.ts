import type { IncomingMessage, ServerResponse } from 'node:http';

/*
 * Which pages of other sites may read answers in a browser (CORS). It is off unless the operator lists their origins.
 * There is no `Access-Control-Allow-Credentials`: the cookie of a login here has no effect on other sites. Their
 * scripts send an Authorization header of their own.
 */

const METHODS = 'GET, HEAD, PUT, POST, PATCH, DELETE';

const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'If-Match',
  'If-None-Match',
  'Range',
  'X-Docker-Checksum',
  'X-Docker-Checksum-Payload',
  'X-Docker-Endpoints',
  'X-Docker-Token',
  'X-Request-Id',
].join(', ');

/** In addition to those that a browser always shows to scripts. */
const ANSWER_HEADERS = [
  'Accept-Ranges',
  'Allow',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'WWW-Authenticate',
  'X-Docker-Checksum-Payload',
  'X-Docker-Endpoints',
  'X-Docker-Registry-Config',
  'X-Docker-Registry-Standalone',
  'X-Docker-Registry-Version',
  'X-Docker-Size',
  'X-Docker-Token',
  'X-Request-Id',
].join(', ');

const PREFLIGHT_SECONDS = 600;

/** Whether this is the exact origin of a page, as a browser sends it: `https://host[:port]`. */
export function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** Covers the API and the protocol, never the pages, which are for this site's own forms. */
function isShared(url: string): boolean {
  return /^\/(v1\/|api\/|_ping(\?|$))/.test(url);
}

/**
 * Sets the headers that a browser must see before it gives an answer to a page of another origin; the answer itself
 * does not change. A preflight is an OPTIONS request that its path answers.
 *
 * @param origins - exact origins; if there are none, nothing is set
 */
export function allowOrigins(origins: ReadonlySet<string>, req: IncomingMessage, res: ServerResponse): void {
  if (origins.size === 0 || !isShared(req.url ?? '')) return;
  res.setHeader('Vary', 'Origin'); // also without a match: a cache must not give one origin the answer for another
  const { origin } = req.headers;
  if (origin === undefined || !origins.has(origin)) return;
  res.setHeader('Access-Control-Allow-Origin', origin);
  res.setHeader('Access-Control-Expose-Headers', ANSWER_HEADERS);
  if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return;
  res.setHeader('Access-Control-Allow-Methods', METHODS);
  res.setHeader('Access-Control-Allow-Headers', REQUEST_HEADERS);
  res.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
}
