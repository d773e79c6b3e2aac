import type { IncomingMessage } from 'node:http';

/** A name, an IPv4 address or an IPv6 address in brackets, with or without a port. Compose uses names with a `_`. */
const HOST = /^([a-z0-9._~-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?$/i;

function hostLines({ rawHeaders }: IncomingMessage): number {
  let lines = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    // the length comes first because this runs for every request
    if (name.length === 4 && name.toLowerCase() === 'host') lines += 1;
  }
  return lines;
}

/**
 * The host that the client asked for, `name[:port]` in lower case. It is safe to repeat in headers, links and pages.
 *
 * @returns undefined when the request names no host, as HTTP/1.0 allows, or not exactly one
 */
export function hostOf(req: IncomingMessage): string | undefined {
  const { host } = req.headers;
  return host !== undefined && HOST.test(host) ? host.toLowerCase() : undefined;
}

/**
 * Whether the request must be refused because of its host: two proxies may interpret two Host headers differently, and
 * a value that cannot be a host is an attempt to make us repeat it (RFC 9112, 3.2).
 */
export function hasBadHost(req: IncomingMessage): boolean {
  const { host = '' } = req.headers;
  return hostLines(req) > 1 || (host !== '' && !HOST.test(host));
}
