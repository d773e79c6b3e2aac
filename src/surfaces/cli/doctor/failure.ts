import type { Answer, Header } from '../../../client/wire/answer';

/** A request as it went out, for people to read. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
}

export interface Exchange {
  readonly request: SentRequest;
  readonly answer: Answer;
}

/** Why an engine stops: its request, the answer, what it needed, and what its user sees. */
export interface Failure {
  readonly request: string;
  readonly answer: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly needed: string;
  readonly sees: string;
}

/** Ends a step. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';

  constructor(
    readonly failure: Failure,
    /** no later step can succeed */
    readonly isFinal = false,
  ) {
    super(failure.needed);
  }
}

/** A request that got no answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor(
    readonly request: SentRequest,
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** The headers on which the behaviour of some engine depends. */
const RELEVANT =
  /^(x-docker-.*|docker-distribution-.*|www-authenticate|location|content-(type|length|encoding|range)|transfer-encoding|accept-ranges|retry-after)$/i;
const BODY_CHARACTERS = 200;

/** The failure of a step whose answer was not what the engine needed. */
export function failed({ request, answer }: Exchange, needed: string, sees: string, isFinal = false): StepFailure {
  const headers = answer.headers.filter(([name]) => RELEVANT.test(name)).map(headerLine);
  const failure = {
    request: `${request.method} ${request.url}`,
    answer: `${answer.status}${answer.isCut ? ', cut off' : ''}`,
    headers,
    body: printable(answer.body),
    needed,
    sees,
  };
  return new StepFailure(failure, isFinal);
}

/** The failure of a step whose request got no answer: the user sees Go's error. */
export function unanswered({ request, reason }: NoAnswer): Failure {
  const { method, url } = request;
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  return {
    request: `${method} ${url}`,
    answer: `none: ${reason}`,
    headers: [],
    body: '',
    needed: 'an answer',
    sees: `${verb} ${url}: ${reason}`,
  };
}

/** A header for the report, without the signature of a token, because reports go to logs and tickets. */
function headerLine([name, value]: Header): string {
  return `${name}: ${value.replace(/(signature|sigv2)=[^,]*/g, '$1=…')}`;
}

/** The first bytes of a body, on one line, with everything that is not text escaped. */
export function printable(body: Buffer): string {
  const text = body.toString('latin1', 0, BODY_CHARACTERS);
  const shown = JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"');
  const escaped = shown.replace(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16)}`);
  return body.length > BODY_CHARACTERS ? `${escaped}…` : escaped;
}
