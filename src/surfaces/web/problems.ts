import { AppError, type ErrorCode } from '../../platform/errors';
import type { Headers } from '../../platform/http/exchange';
import { plural } from './components/quantities';

/** What the reader of a form can mend, so that the form is shown again with the sentence. */
const MENDABLE: ReadonlySet<ErrorCode> = new Set([
  'invalid',
  'conflict',
  'forbidden',
  'busy',
  'closed',
  'stale',
  'too_large',
]);

/** The status and the title of each error, on a page of its own and on the form that shows it. */
export const PROBLEMS: Readonly<Record<ErrorCode, readonly [status: number, title: string]>> = {
  invalid: [400, 'That does not work'],
  unauthenticated: [401, 'Please sign in'],
  inactive: [403, 'This account is not active'],
  forbidden: [403, 'This is not allowed'],
  password_needed: [403, 'Confirm your password'],
  not_found: [404, 'Not found'],
  conflict: [409, 'That does not work'],
  missing_checksum: [412, 'That does not work'],
  too_large: [413, 'That is too much'],
  busy: [429, 'Please wait'],
  closed: [403, 'This is switched off'],
  storage_full: [507, 'There is no room left'],
  unavailable: [503, 'Please try again'],
  stale: [409, 'It has changed meanwhile'], // a form has no If-Match, so nothing fails that 412 could name
  unconditional: [428, 'That does not work'],
  unsupported_type: [415, 'That does not work'],
};

/** What was wrong with a form. */
export interface Fault {
  /** a sentence */
  readonly text: string;
  /** for the page that shows it */
  readonly status: number;
  /** for that page, too: when to try again */
  readonly headers?: Headers;
}

/** `in 40 seconds`, `in 15 minutes`: how long somebody is asked to wait. */
function inTime(seconds: number): string {
  return seconds < 120 ? `in ${plural(seconds, 'second')}` : `in ${plural(Math.ceil(seconds / 60), 'minute')}`;
}

/** What a page says of an error: what happened, as a sentence, and when to try again. */
export function faultOf({ code, message, retryAfterSeconds: wait }: AppError): Fault {
  const [status] = PROBLEMS[code];
  const text = message.endsWith('.') ? message : `${message}.`;
  if (wait === undefined) return { text, status };
  return { text: `${text} Try again ${inTime(wait)}.`, status, headers: { 'Retry-After': wait } };
}

/**
 * Does what a form asks for.
 *
 * @returns the result, or what was wrong, for the form to be shown again
 * @throws what a form cannot mend, such as AppError `not_found`
 */
export async function attempt<T>(
  work: () => Promise<T>,
): Promise<{ done: T; fault?: undefined } | { done?: undefined; fault: Fault }> {
  try {
    return { done: await work() };
  } catch (error) {
    if (!(error instanceof AppError) || !MENDABLE.has(error.code)) throw error;
    return { fault: faultOf(error) };
  }
}

/**
 * Does what a form asks for; what it names and there is not is for its reader to mend, as all that he typed.
 *
 * @throws AppError `invalid` in the place of `not_found`
 */
export async function naming<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
    throw new AppError('invalid', error.message, { cause: error });
  }
}
