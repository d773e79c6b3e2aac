import type { IncomingMessage } from 'node:http';

/**
 * Reads that began with an identity that is only remembered from earlier requests. A read may do so because the query that
 * does its work checks the identity. If that query refuses it, the read can be repeated with verified credentials, since it
 * has no body.
 */
export class RecalledRequests {
  private readonly requests = new WeakSet<IncomingMessage>();

  /**
   * The remembered identity for a read, the first time that it asks.
   *
   * @param find - finds what is remembered for the credentials of the request
   * @returns undefined: verify the credentials
   */
  recall<T>(req: IncomingMessage, find: () => T | undefined): T | undefined {
    if ((req.method !== 'GET' && req.method !== 'HEAD') || this.requests.has(req)) return undefined;
    const found = find();
    if (found !== undefined) this.requests.add(req);
    return found;
  }

  /** Whether the request began with a remembered identity. */
  has(req: IncomingMessage): boolean {
    return this.requests.has(req);
  }
}
