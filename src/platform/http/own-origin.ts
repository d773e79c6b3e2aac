import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { isForwardedHttps, type TrustsProxy } from './client-address';
import { hostOf } from './host';

/** What is known about how clients reach the server. */
export interface Reachability {
  /** `https://host[:port]`, if the operator has configured it. */
  readonly publicUrl: string | undefined;
  readonly trustsProxy: TrustsProxy;
}

function isHttps(req: IncomingMessage, trustsProxy: TrustsProxy): boolean {
  if ((req.socket as Partial<TLSSocket>).encrypted === true) return true;
  return isForwardedHttps(req, trustsProxy);
}

/**
 * The origin under which the client reaches this server: `scheme://host[:port]`. This is the configured one, or else
 * what the request and a trusted proxy say.
 */
export function ownOrigin(req: IncomingMessage, { publicUrl, trustsProxy }: Reachability): string {
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  return `${isHttps(req, trustsProxy) ? 'https' : 'http'}://${hostOf(req) ?? 'localhost'}`;
}
