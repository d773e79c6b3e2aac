import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';

/** Whether what stands at this address tells the truth about whom it speaks for. */
export type TrustsProxy = (address: string, hop: number) => boolean;

/** A server that no proxy stands before: whoever connects is the client. */
export const trustsNobody: TrustsProxy = () => false;

/**
 * What to trust, from a list.
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
 * The address of whoever sent the request. `X-Forwarded-For` is read from its end, and only as far as trusted proxies
 * wrote it: what stands before that anybody can write.
 */
export function clientAddress(req: IncomingMessage, trusts: TrustsProxy): string {
  const peer = req.socket.remoteAddress ?? 'unknown';
  if (trusts === trustsNobody || req.headers['x-forwarded-for'] === undefined) return plain(peer);
  // A proxy that writes something else than an address speaks for itself.
  const known = proxyAddr.all(req, trusts).filter((address) => isIP(address) !== 0);
  return plain(known.at(-1) ?? peer);
}
