import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AppError } from '../../platform/errors';
import { parseJson } from '../../platform/http/body';
import { askServer, type Incoming } from '../../platform/http/outgoing';
import { BoundedQueue } from '../../platform/limits/bounded-queue';
import type { Actor } from '../access/actor';
import { fullName, isImageId } from '../repositories/names';
import { readForeignToken, type ForeignToken } from './foreign-token';

/*
 * A registry that belongs to another index has no accounts. It sends that index the token as it arrived and lets it
 * decide (protocol 2.8): 200 is a yes, with the ids that may be pushed. Engines send one token hundreds of times, so an
 * answer is remembered for a while. A delete token is not only verified, but used up (protocol 2.9).
 */

/** Which index to ask, and how long its yes is remembered: that is how long a right survives its revocation there. */
export interface RemoteIndexOptions {
  readonly url: string;
  readonly rememberMs: number;
  /** undefined: the usual limits */
  readonly limits?: { readonly timeoutMs: number; readonly bytes: number; readonly badMs: number };
}

type TokenActor = Extract<Actor, { kind: 'token' }>;
type Verdict = { readonly isGood: false } | { readonly isGood: true; readonly imageIds: ReadonlySet<string> };

const BAD: Verdict = { isGood: false };
/** The bytes are enough for the list of a repository with some 400,000 images; a no is remembered for `badMs`. */
const LIMITS = { timeoutMs: 10_000, bytes: 64 * 1024 * 1024, badMs: 5000 };
/** The size of all remembered answers, in image ids: some 30 MB. */
const REMEMBERED = 200_000;
/** Anyone can invent tokens; the index must not get all of them at once. */
const ASKED_AT_ONCE = { running: 32, waiting: 512 };
/** The statuses of an index that does not have this call; other implementations of the specification do not have it. */
const NO_SUCH_CALL = [404, 405, 501];

/** Verifies tokens at another index. */
export class RemoteIndex {
  private readonly verdicts = new LRUCache<string, Verdict>({
    maxSize: REMEMBERED,
    sizeCalculation: (verdict) => 1 + (verdict.isGood ? verdict.imageIds.size : 0),
  });
  private readonly pending = new Map<string, Promise<Verdict>>();
  private readonly queue = new BoundedQueue(ASKED_AT_ONCE, 'Too many tokens are being verified');
  private readonly origin: string;

  constructor(private readonly options: RemoteIndexOptions) {
    this.origin = new URL(options.url).origin;
  }

  /**
   * The actor of a token, if the index vouches for it.
   *
   * @param authorization - the header as it arrived
   * @param isDeletion - whether the request deletes something: a delete token is good for one deletion
   * @returns undefined when the token is not good
   * @throws AppError `unavailable` when the index does not answer, `busy`
   */
  async verify(
    authorization: string,
    request: { readonly address: string; readonly isDeletion: boolean },
  ): Promise<TokenActor | undefined> {
    const token = readForeignToken(authorization);
    if (token === undefined) return undefined;
    const isUsedUp = request.isDeletion && token.access === 'delete';
    const verdict = isUsedUp ? await this.useUp(token, authorization) : await this.recall(token, authorization);
    if (!verdict.isGood) return undefined;
    const { repository, access } = token;
    const { imageIds } = verdict;
    return {
      kind: 'token',
      identity: undefined,
      address: request.address,
      repository,
      access,
      nonce: keyOf(token),
      guest: { imageIds },
    };
  }

  private get limits(): NonNullable<RemoteIndexOptions['limits']> {
    return this.options.limits ?? LIMITS;
  }

  /** The remembered verdict, or a new one, for which all requests with this token wait together. */
  private async recall(token: ForeignToken, authorization: string): Promise<Verdict> {
    const key = keyOf(token);
    const known = this.verdicts.get(key) ?? this.pending.get(key);
    if (known !== undefined) return known;
    const asking = this.judge(token, authorization).finally(() => this.pending.delete(key));
    this.pending.set(key, asking);
    const verdict = await asking;
    this.verdicts.set(key, verdict, { ttl: verdict.isGood ? this.options.rememberMs : this.limits.badMs });
    return verdict;
  }

  private async judge(token: ForeignToken, authorization: string): Promise<Verdict> {
    const isPush = token.access === 'write';
    const { status, body } = await this.ask('GET images', token, authorization, isPush ? this.limits.bytes : 0);
    if (status !== 200) return BAD;
    if (!isPush) return { isGood: true, imageIds: new Set() };
    const list = parseJson(body)?.value;
    if (!Array.isArray(list)) throw doesNotAnswer(new Error('the image list is not a JSON array'));
    return { isGood: true, imageIds: new Set(list.map(idOf).filter(isImageId)) };
  }

  private async useUp(token: ForeignToken, authorization: string): Promise<Verdict> {
    const { status } = await this.ask('PUT auth', token, authorization, 0);
    if (NO_SUCH_CALL.includes(status)) return this.judge(token, authorization);
    return status === 200 ? { isGood: true, imageIds: new Set() } : BAD;
  }

  private async ask(
    call: 'GET images' | 'PUT auth',
    token: ForeignToken,
    authorization: string,
    limitBytes: number,
  ): Promise<Incoming> {
    const [method, last] = call === 'GET images' ? (['GET', 'images'] as const) : (['PUT', 'auth'] as const);
    const url = `${this.origin}/v1/repositories/${fullName(token.repository)}/${last}`;
    const headers = { Authorization: authorization };
    return this.queue.run(async () => {
      const outgoing = { method, headers, timeoutMs: this.limits.timeoutMs, limitBytes };
      const answer = await askServer(url, outgoing).catch((error: unknown) => {
        throw doesNotAnswer(error);
      });
      const { status } = answer;
      const isOutage = status === 429 || (status >= 500 && !NO_SUCH_CALL.includes(status));
      if (isOutage) throw doesNotAnswer(new Error(`${method} ${url} was answered with ${status}`));
      return answer;
    });
  }
}

function doesNotAnswer(cause: unknown): AppError {
  return new AppError('unavailable', 'The index does not answer', { cause, retryAfterSeconds: 5 });
}

function idOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : undefined;
}

/** A hash, so that two spellings of a token are one, and the cache does not hold tokens that could be used. */
function keyOf({ signature, repository, access }: ForeignToken): string {
  return createHash('sha256')
    .update(`${signature}\n${fullName(repository)}\n${access}`)
    .digest('hex');
}
