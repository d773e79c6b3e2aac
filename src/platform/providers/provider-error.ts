import { AppError, type ErrorCode } from '../errors';

/**
 * `revoked`: the token is no longer accepted; `limited`: too many requests; `refused`: the user or the token may not do
 * this; `missing`: there is no such thing, or the user may not see it; `unreachable`: no answer, or not a good one.
 */
export type ProviderFailure = 'revoked' | 'limited' | 'refused' | 'missing' | 'unreachable';

const CODES: Record<ProviderFailure, ErrorCode> = {
  revoked: 'conflict',
  limited: 'busy',
  refused: 'conflict',
  missing: 'not_found',
  unreachable: 'unavailable',
};

/** A provider did not do what we asked; the message is one sentence for people, without secrets. */
export class ProviderError extends AppError {
  constructor(
    readonly failure: ProviderFailure,
    message: string,
    options: ErrorOptions & { readonly retryAfterSeconds?: number } = {},
  ) {
    super(CODES[failure], message, options);
  }
}

const LONGEST_TEXT = 200;
const LONGEST_WAIT_SECONDS = 3600;
const DEFAULT_WAIT_SECONDS = 60;

/** A text of the provider in one line, for people. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ').slice(0, LONGEST_TEXT);
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** What the provider says was wrong: each has another shape for it. */
export function messageIn(body: unknown): string {
  const first = [body].flat()[0];
  const told = [field(field(first, 'error'), 'message'), field(first, 'message'), field(first, 'error')];
  const details = [field(first, 'errors')].flat().map((one) => field(one, 'message'));
  const texts = [...told, ...details].filter((text) => typeof text === 'string' && text !== '');
  if (texts.length > 0) return plain(texts.join(': '));
  const message = field(first, 'message');
  return message === undefined ? '' : plain(JSON.stringify(message));
}

/** How long the provider wants us to wait, in seconds. */
function waitSeconds(headers: Headers): number {
  const after = Number(headers.get('retry-after') ?? Number.NaN);
  const reset = Number(headers.get('x-ratelimit-reset') ?? headers.get('ratelimit-reset') ?? Number.NaN);
  const wanted = Number.isFinite(after) ? after : reset - Date.now() / 1000;
  if (!Number.isFinite(wanted)) return DEFAULT_WAIT_SECONDS;
  return Math.ceil(Math.min(Math.max(wanted, 1), LONGEST_WAIT_SECONDS));
}

function isLimited(status: number, headers: Headers): boolean {
  if (status === 429) return true;
  return status === 403 && (headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after'));
}

/** The error for an answer that is not a success. */
export function failureOf(name: string, answer: { status: number; headers: Headers; body: unknown }): ProviderError {
  const { status, headers, body } = answer;
  const told = messageIn(body);
  const reason = told === '' ? `HTTP ${status}` : told;
  if (isLimited(status, headers)) {
    const retryAfterSeconds = waitSeconds(headers);
    return new ProviderError('limited', `${name} does not accept more requests for now`, { retryAfterSeconds });
  }
  if (status === 401)
    return new ProviderError('revoked', `${name} no longer accepts the access that was given: link the account again`);
  if (status === 403)
    return new ProviderError('refused', `${name} does not let the linked account do this (${reason})`);
  if (status === 404 || status === 410)
    return new ProviderError('missing', `${name} does not have this, or the linked account may not see it`);
  if (status >= 300 && status < 400)
    return new ProviderError('missing', `The repository has another name at ${name} now: choose it again`);
  if (status >= 500) return new ProviderError('unreachable', `${name} had an error of its own (HTTP ${status})`);
  return new ProviderError('refused', `${name} refused the request (${reason})`);
}
