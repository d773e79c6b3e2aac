import { gunzipSync } from 'node:zlib';

import { NoAnswer, type Exchange } from './failure';
import type { Agent, Generation } from './generations';
import { headerLines, headerOf, type Answer, type Header } from '../../../client/wire/answer';
import { chunked, exchange, reasonOf, type Limits, type Place } from '../../../client/wire/wire';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A request of the engine; the session adds what its version sends with every request. */
export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly url: string;
  /**
   * `index`: with Basic, and asks for a token; `registry`: with the token, or with Basic if the engine sends only that
   */
  readonly auth: 'none' | 'basic' | 'index' | 'registry';
  readonly agent?: Agent;
  readonly headers?: readonly Header[];
  readonly body?: Buffer;
  /** instead of `body`: chunked, in these parts */
  readonly chunks?: readonly Buffer[];
}

const MAX_REDIRECTS = 10;
const URL_PARTS = /^(https?):\/\/([^/]+)(\/.*)$/;

/** One engine at one server: its credentials, token and cookies, and the form of its requests. */
export class EngineSession {
  /** Basic on every request, as for a standalone registry over https (protocol 2.1) */
  basicEverywhere = false;
  #tokens: readonly string[] = [];
  /** by host, then by name */
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(
    readonly generation: Generation,
    /** the ping decides its scheme */
    public index: Place,
    readonly credentials: Credentials,
    readonly limits: Limits,
  ) {}

  /** `http://host/v1/` of the index. */
  get indexUrl(): string {
    return `${this.index.scheme}://${this.index.host}/v1/`;
  }

  get isOverHttp(): boolean {
    return this.index.scheme === 'http';
  }

  /** Begins another command: an engine remembers only the credentials from one command to the next. */
  startCommand(): void {
    this.#tokens = [];
    this.#cookies.clear();
  }

  /** The same engine at the same server, with other credentials and without tokens and cookies. */
  as(credentials: Credentials): EngineSession {
    return new EngineSession(this.generation, this.index, credentials, this.limits);
  }

  /** Takes the token of an answer that opened a push or a pull; newer engines take the token of every answer anyway. */
  open(answer: Answer): void {
    if (this.generation.token === 'opening') this.#tokens = headerLines(answer, 'X-Docker-Token');
  }

  /** Sends a request as this engine does, and follows redirects of GET and HEAD, as Go does. */
  async send(request: EngineRequest): Promise<Exchange> {
    const sent = { method: request.method, url: request.url };
    let url = request.url;
    for (let hops = 0; ; hops += 1) {
      const answer = await this.#sendOnce(request, url);
      const next = ['GET', 'HEAD'].includes(request.method) ? redirectOf(answer, url) : undefined;
      if (next === undefined || hops === MAX_REDIRECTS) return { request: sent, answer };
      url = next;
    }
  }

  async #sendOnce(request: EngineRequest, url: string): Promise<Answer> {
    const [, scheme, host, target] = URL_PARTS.exec(url) ?? [];
    if (scheme === undefined || host === undefined || target === undefined) {
      throw new NoAnswer(request, `${url} is not a valid URL`);
    }
    const place: Place = { scheme: scheme === 'https' ? 'https' : 'http', host };
    const isOwnHost = request.url.startsWith(`${scheme}://${host}/`);
    const headers = this.#headers(request, host, isOwnHost);
    const body = request.chunks ? chunked(request.chunks) : request.body ? [request.body] : [];
    const wire = { method: request.method, target, headers, body };
    const answer = await exchange(place, wire, this.limits).catch((error: unknown) => {
      throw new NoAnswer({ method: request.method, url }, reasonOf(error));
    });
    this.#remember(answer, host);
    return decoded(request, answer);
  }

  /**
   * The headers in the order of Go's net/http: its own first, then the program's, sorted, then those of the transport.
   */
  #headers(request: EngineRequest, host: string, isOwnHost: boolean): Header[] {
    const agent = request.agent ?? this.generation.agent;
    const cookies = request.auth === 'none' ? [] : [...(this.#cookies.get(host)?.values() ?? [])];
    const own: Header[] = [
      ...(request.headers ?? []),
      ...(isOwnHost ? this.#authorization(request) : []),
      ...(cookies.length === 0 ? [] : [['Cookie', cookies.join('; ')] as const]),
      ...(request.auth === 'index' ? [['X-Docker-Token', 'true'] as const] : []),
    ];
    const wantsGzip = request.method !== 'HEAD' && !own.some(([name]) => name === 'Range');
    return [
      ['Host', host],
      ['User-Agent', agent.userAgent],
      ...lengthHeader(request),
      ...own.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
      ...(wantsGzip ? [['Accept-Encoding', 'gzip'] as const] : []),
      ...(agent.closes ? [['Connection', 'close'] as const] : []),
    ];
  }

  #authorization({ auth }: EngineRequest): Header[] {
    if (auth === 'none') return [];
    if (auth !== 'registry' || this.basicEverywhere) return [['Authorization', basic(this.credentials)]];
    if (this.#tokens.length > 0) return [['Authorization', `Token ${this.#tokens.join(',')}`]];
    return this.generation.token === 'latest' ? [] : [['Authorization', 'Token']];
  }

  #remember(answer: Answer, host: string): void {
    const tokens = headerLines(answer, 'X-Docker-Token');
    if (this.generation.token === 'latest' && tokens.length > 0) this.#tokens = tokens;
    const cookies = this.#cookies.get(host) ?? new Map<string, string>();
    for (const line of headerLines(answer, 'Set-Cookie')) {
      const cookie = line.split(';')[0] ?? '';
      cookies.set(cookie.split('=')[0] ?? '', cookie);
    }
    this.#cookies.set(host, cookies);
  }
}

/** The URL to which an answer redirects the engine; undefined if it is not a redirect. */
function redirectOf(answer: Answer, url: string): string | undefined {
  const location = headerOf(answer, 'Location');
  const isRedirect = [301, 302, 303, 307, 308].includes(answer.status) && location !== '';
  return isRedirect && URL.canParse(location, url) ? new URL(location, url).href : undefined;
}

/** The value of an Authorization header. */
export function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function lengthHeader({ method, body, chunks }: EngineRequest): Header[] {
  if (chunks) return [['Transfer-Encoding', 'chunked']];
  return (body ?? ['PUT', 'POST'].includes(method)) ? [['Content-Length', String(body?.length ?? 0)]] : [];
}

/** The answer after Go has decompressed it, as it does for gzip that it asked for itself. */
function decoded(request: EngineRequest, answer: Answer): Answer {
  if (headerOf(answer, 'Content-Encoding').toLowerCase() !== 'gzip' || answer.body.length === 0) return answer;
  try {
    return { ...answer, body: gunzipSync(answer.body, { maxOutputLength: 16 * 1024 * 1024 }) };
  } catch (error) {
    throw new NoAnswer(request, reasonOf(error));
  }
}
