import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';

/** Whether to believe what the sender at this address says about its client. */
export type TrustsProxy = (address: string, hop: number) => boolean;

/** For a server without a proxy: the peer of the connection is the client. */
export const trustsNobody: TrustsProxy = () => false;

/**
 * Builds the trust function of a list.
 *
 * @param proxies - addresses and networks (`10.0.0.0/8`), or `loopback`, `linklocal`, `uniquelocal`
 * @throws Error that names the entry that is none of these
 */
export function trustProxies(proxies: readonly string[]): TrustsProxy {
  return proxies.length === 0 ? trustsNobody : proxyAddr.compile([...proxies]);
}

/** A socket for both families writes `::ffff:192.0.2.1`; the same client must not count as two. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/**
 * The address in an entry of `X-Forwarded-For`, without the port, brackets and quotes that some proxies add; undefined
 * for `unknown` and anything else that is not an address.
 */
function addressIn(entry: string): string | undefined {
  const text = entry.trim().replace(/^"(.*)"$/, '$1');
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(address) === 0 ? undefined : plain(address);
}

/** The hosts that passed a request on, from the peer outwards: all except the last are trusted proxies. */
function hopsOf(req: IncomingMessage, trusts: TrustsProxy): string[] {
  const peer = plain(req.socket.remoteAddress ?? 'unknown');
  const header = req.headers['x-forwarded-for'];
  const entries = trusts === trustsNobody || header === undefined ? [] : String(header).split(',').reverse();
  const hops = [peer];
  for (const [hop, entry] of entries.entries()) {
    const nearest = hops.at(-1) ?? peer;
    if (!trusts(nearest, hop)) break;
    const next = addressIn(entry);
    if (next === undefined) break; // a proxy that writes something else counts as the client
    hops.push(next);
  }
  return hops;
}

/**
 * The address of the client that sent the request. `X-Forwarded-For` is read from its end, and only as far as trusted
 * proxies wrote it, because a client can write anything before that.
 */
export function clientAddress(req: IncomingMessage, trusts: TrustsProxy): string {
  return hopsOf(req, trusts).at(-1) ?? 'unknown';
}

/**
 * Whether the client used https to reach the outermost trusted proxy. Each value in `X-Forwarded-Proto` was written by
 * one more proxy, the last by the nearest one; the values before those of trusted proxies are ignored.
 */
export function isForwardedHttps(req: IncomingMessage, trusts: TrustsProxy): boolean {
  const header = req.headers['x-forwarded-proto'];
  const hops = hopsOf(req, trusts);
  if (header === undefined || !trusts(hops[0] ?? '', 0)) return false;
  const values = String(header).split(',');
  const trusted = Math.max(1, hops.filter((hop, index) => trusts(hop, index)).length);
  return values.at(-Math.min(trusted, values.length))?.trim().toLowerCase() === 'https';
}
