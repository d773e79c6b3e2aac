import { lookup } from 'node:dns/promises';
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { AddressRule, Target } from './address-rules';

/*
 * Requests to a URL that an untrusted user chose, who may try to reach hosts through us that only we can reach.
 * Therefore:
 *
 *   - The host's name is resolved once. Every address that it has must pass the rule, and the connection goes to one of
 *     these: a name that has another address a moment later gains nothing.
 *   - A redirect is followed here, at most three times, and its target passes the same checks.
 *   - Only http and https, nothing from https to http, no credentials in the URL, no proxy, no persistent connection.
 *   - Time and bytes are limited.
 */

/** Finds all addresses of a host name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The URL, or a redirect, leads to a target that requests must not reach. */
export class RefusedTargetError extends Error {
  override readonly name = 'RefusedTargetError';
}

/**
 * The host is a name that leads to a forbidden target, or does not exist. Users see the same error for both, or they
 * could discover the names and addresses of the internal networks; the `cause` says which, for the log.
 */
export class UnreachableNameError extends Error {
  override readonly name = 'UnreachableNameError';

  constructor(cause: unknown) {
    super('the name of the host does not resolve to an address on the open internet', { cause });
  }
}

/** The final response. */
export interface GuardedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body, up to the limit. */
  readonly body: Buffer;
}

export interface GuardedPost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface GuardedLimits {
  readonly connectMs: number;
  /** The limit for everything, redirects included. */
  readonly totalMs: number;
  readonly responseBytes: number;
}

const LIMITS: GuardedLimits = { connectMs: 5000, totalMs: 20_000, responseBytes: 64 * 1024 };

const MAX_REDIRECTS = 3;

async function systemResolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** Sends requests that untrusted users ask for to the targets that they chose. */
export class GuardedClient {
  private readonly resolve: Resolve;
  private readonly limits: GuardedLimits;

  constructor(
    private readonly rule: AddressRule,
    options: { resolve?: Resolve; limits?: Partial<GuardedLimits> } = {},
  ) {
    this.resolve = options.resolve ?? systemResolve;
    this.limits = { ...LIMITS, ...options.limits };
  }

  /**
   * Posts a body and follows redirects; after a 303 it uses GET, as that status requires.
   *
   * @throws RefusedTargetError or UnreachableNameError before anything is sent to a forbidden target; Error when there
   *   is no answer within the limits
   */
  async post(url: string, post: GuardedPost): Promise<GuardedAnswer> {
    const overall = AbortSignal.timeout(this.limits.totalMs);
    let target = parseTarget(url);
    let sent: Sent = { method: 'POST', ...post };
    for (let redirects = 0; ; redirects += 1) {
      const addresses = await orAborted(this.checkedAddresses(target), overall);
      const { answer, location } = await this.send(target, sent, addresses, overall);
      if (location === undefined) return answer;
      if (redirects === MAX_REDIRECTS) throw new Error(`more than ${MAX_REDIRECTS} redirects`);
      if (answer.status === 303) sent = { method: 'GET', headers: {}, body: '' };
      target = redirected(target, location);
    }
  }

  /**
   * Why a POST to a URL would be refused, as far as that is known without asking for the addresses of a name: its host
   * is a forbidden address, or `localhost`.
   */
  whyRefused(url: string): string | undefined {
    const { host, port } = placeOf(parseTarget(url));
    const address = host === 'localhost' ? '127.0.0.1' : host;
    return isIP(address) === 0 ? undefined : this.rule({ host, port, address });
  }

  private async checkedAddresses(target: URL): Promise<readonly Resolved[]> {
    const { host, port } = placeOf(target);
    if (isIP(host) !== 0) {
      this.assertAllowed({ host, port, address: host });
      return [{ address: host, family: isIP(host) }];
    }
    try {
      const addresses = await this.resolve(host);
      if (addresses.length === 0) throw new Error(`${host} has no address`);
      for (const address of addresses) this.assertAllowed({ host, port, address });
      return addresses.map((address) => ({ address, family: isIP(address) }));
    } catch (error) {
      throw new UnreachableNameError(error);
    }
  }

  private assertAllowed(target: Target): void {
    const reason = this.rule(target);
    if (reason !== undefined) throw new RefusedTargetError(`refused: ${reason}`);
  }

  private async send(
    target: URL,
    { method, headers, body }: Sent,
    addresses: readonly Resolved[],
    overall: AbortSignal,
  ): Promise<{ answer: GuardedAnswer; location: string | undefined }> {
    const length = method === 'POST' ? { 'Content-Length': Buffer.byteLength(body) } : {};
    const options: RequestOptions = {
      method,
      headers: { ...headers, ...length, Connection: 'close' },
      agent: false,
      lookup: pinnedTo(addresses),
      signal: overall,
    };
    const request = target.protocol === 'https:' ? https.request(target, options) : http.request(target, options);
    try {
      const response = await exchange(request, body, this.limits.connectMs);
      const location = REDIRECTS.has(response.statusCode ?? 0) ? response.headers.location : undefined;
      const bytes = location === undefined ? await readSome(response, this.limits.responseBytes) : Buffer.alloc(0);
      return { answer: { status: response.statusCode ?? 0, headers: flat(response), body: bytes }, location };
    } catch (error) {
      throw overall.aborted ? tooLate(error) : error;
    } finally {
      request.destroy();
    }
  }
}

interface Resolved {
  readonly address: string;
  readonly family: number;
}

interface Sent extends GuardedPost {
  readonly method: 'POST' | 'GET';
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function placeOf(target: URL): { host: string; port: number } {
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return { host, port: Number(target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : target.port) };
}

/** @throws RefusedTargetError for a URL that is refused regardless of its host */
function parseTarget(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol !== 'http:' && target?.protocol !== 'https:') {
    throw new RefusedTargetError('refused: the URL is not http or https');
  }
  if (target.username !== '' || target.password !== '') {
    throw new RefusedTargetError('refused: the URL has credentials');
  }
  return target;
}

function redirected(from: URL, location: string): URL {
  const target = parseTarget(URL.canParse(location, from.href) ? new URL(location, from.href).href : location);
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw new RefusedTargetError('refused: a redirect from https to http');
  }
  return target;
}

/** Returns the checked addresses, even if the name now resolves to others. */
function pinnedTo(addresses: readonly Resolved[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

function tooLate(cause: unknown): Error {
  return new Error('no whole answer in time', { cause });
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(tooLate(signal.reason));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Resolves to the response when its headers have arrived. */
async function exchange(request: ClientRequest, body: string, connectMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const connecting = setTimeout(() => request.destroy(new Error('no connection in time')), connectMs);
    const isConnected = (): void => clearTimeout(connecting);
    request.on('socket', (socket) => {
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', isConnected);
    });
    request.on('response', resolve);
    request.on('error', reject);
    request.on('close', () => {
      isConnected();
      reject(new Error('the connection ended without an answer'));
    });
    request.end(body);
  });
}

async function readSome(response: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes >= limitBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, limitBytes);
}

function flat({ headers }: IncomingMessage): Record<string, string> {
  const named = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named.map(([name, value]) => [name, [value].flat().join(', ')]));
}
