import { headerOf, type Answer, type Header } from '../wire/answer';
import { exchange, type Limits } from '../wire/wire';
import { challengeOf, tokenUrl, type Challenge } from './challenge';

export interface V2Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: readonly Header[];
  readonly body?: Buffer;
}

/** A request, and what the server answered. */
export interface V2Exchange {
  readonly request: Pick<V2Request, 'method' | 'url'>;
  readonly answer: Answer;
}

/** Sends a request with exactly these headers; rejects if there is no valid answer. */
export type Transport = (request: V2Request) => Promise<Answer>;

/** The server answered, but not as a client of v2 needs it. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';

  constructor(
    readonly exchange: V2Exchange,
    /** what the answer had to be */
    readonly needed: string,
  ) {
    super(`${exchange.request.method} ${exchange.request.url} answered ${exchange.answer.status}: needed ${needed}`);
  }
}

interface Options {
  readonly userAgent: string;
  /** the value of Authorization for the token service; undefined: nobody is logged in */
  readonly basic: string | undefined;
  /** the scope of the token; undefined: that of each challenge */
  readonly scope?: string;
}

const MAX_REDIRECTS = 5;

/** Sends requests over new connections, within these limits. */
export function wireTransport(limits: Limits): Transport {
  return ({ method, url, headers = [], body }) => {
    const { protocol, host, pathname, search } = new URL(url);
    const length: readonly Header[] = body === undefined ? [] : [['Content-Length', String(body.length)]];
    const all: readonly Header[] = [['Host', host], ...headers, ...length, ['Connection', 'close']];
    const wire = { method, target: `${pathname}${search}`, headers: all, body: body === undefined ? [] : [body] };
    return exchange({ scheme: protocol === 'https:' ? 'https' : 'http', host }, wire, limits);
  };
}

/** A client at one registry: it answers challenges, keeps its token, and follows redirects of GET and HEAD. */
export class V2Session {
  #token: string | undefined;

  constructor(
    /** without `/v2` */
    readonly url: string,
    private readonly options: Options,
    private readonly transport: Transport,
  ) {}

  /** Sends a request, and sends it once more with a token if the answer is a challenge. */
  async send(request: V2Request): Promise<V2Exchange> {
    const first = await this.#follow(request);
    const challenge = first.answer.status === 401 ? challengeOf(first.answer) : undefined;
    if (!challenge) return first;
    await this.authorize(challenge);
    return this.#follow(request);
  }

  /**
   * Gets the token that later requests carry (bridge 4.2 to 4.4).
   *
   * @throws UnexpectedAnswer when the token service gives none
   */
  async authorize(challenge: Challenge): Promise<void> {
    const { basic, scope } = this.options;
    const authorization: readonly Header[] = basic === undefined ? [] : [['Authorization', basic]];
    const request = { method: 'GET', url: tokenUrl(challenge, scope) } as const;
    const answer = await this.#sendOnce(request, authorization);
    const token = answer.status === 200 ? tokenIn(answer.body) : undefined;
    if (token === undefined) throw new UnexpectedAnswer({ request, answer }, '200 with a token for these credentials');
    this.#token = token;
  }

  async #follow(request: V2Request): Promise<V2Exchange> {
    const { method, url } = request;
    const { host } = new URL(url);
    let at = url;
    for (let hops = 0; ; hops += 1) {
      const isOwnHost = new URL(at).host === host && this.#token !== undefined;
      const answer = await this.#sendOnce(
        { ...request, url: at },
        isOwnHost ? [['Authorization', `Bearer ${this.#token}`]] : [],
      );
      const location = headerOf(answer, 'Location');
      const isRedirect = /^30[12378]$/.test(String(answer.status)) && URL.canParse(location, at);
      if (!isRedirect || !/^(GET|HEAD)$/.test(method) || hops === MAX_REDIRECTS)
        return { request: { method, url }, answer };
      at = new URL(location, at).href;
    }
  }

  #sendOnce(request: V2Request, authorization: readonly Header[]): Promise<Answer> {
    const headers: readonly Header[] = [
      ['User-Agent', this.options.userAgent],
      ...authorization,
      ...(request.headers ?? []),
    ];
    return this.transport({ ...request, headers });
  }
}

function tokenIn(body: Buffer): string | undefined {
  try {
    const { token, access_token: other } = JSON.parse(body.toString()) as Record<string, unknown>;
    return [token, other].find((each): each is string => typeof each === 'string' && each !== '');
  } catch {
    return undefined;
  }
}
