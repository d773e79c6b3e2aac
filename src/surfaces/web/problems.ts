import { AppError, fieldError, type ErrorCode, type FieldError } from '../../platform/errors';
import type { Headers } from '../../platform/http/exchange';
import { plural } from './components/quantities';

/** The errors that the reader of a form can correct, so that the form is shown again with the sentence. */
const MENDABLE: ReadonlySet<ErrorCode> = new Set([
  'invalid',
  'conflict',
  'forbidden',
  'busy',
  'closed',
  'stale',
  'too_large',
]);

/** The status and the title of each error, on its own page or on the form that shows it. */
export const PROBLEMS: Readonly<Record<ErrorCode, readonly [status: number, title: string]>> = {
  invalid: [400, 'Invalid request'],
  unauthenticated: [401, 'Please sign in'],
  inactive: [403, 'Account not active'],
  forbidden: [403, 'Not allowed'],
  password_needed: [403, 'Confirm your password'],
  not_found: [404, 'Not found'],
  conflict: [409, 'Conflict'],
  missing_checksum: [412, 'Checksum missing'],
  too_large: [413, 'Too large'],
  busy: [429, 'Too many requests'],
  closed: [403, 'Not available'],
  storage_full: [507, 'Storage is full'],
  unavailable: [503, 'Service unavailable'],
  stale: [409, 'Changed by someone else'], // a form has no If-Match, so a 412 would name nothing
  unconditional: [428, 'Precondition required'],
  unsupported_type: [415, 'Unsupported type'],
};

/** What was wrong with a form. */
export interface Fault {
  /** a sentence, or one for each field */
  readonly text: string;
  /** the fields that are wrong, by the names that the API has for them */
  readonly fields?: readonly FieldError[];
  /** the status of the page that shows it */
  readonly status: number;
  /** the headers of that page: when to try again */
  readonly headers?: Headers;
}

/** `in 40 seconds`, `in 15 minutes`: when to try again. */
function inTime(seconds: number): string {
  return seconds < 120 ? `in ${plural(seconds, 'second')}` : `in ${plural(Math.ceil(seconds / 60), 'minute')}`;
}

/** An error on a page: what happened, as a sentence, and when to try again. */
export function faultOf({ code, message, fields, retryAfterSeconds: wait }: AppError): Fault {
  const [status] = PROBLEMS[code];
  const sentences = fields.length === 0 ? [message] : fields.map((field) => field.message);
  const text = sentences.map((sentence) => (sentence.endsWith('.') ? sentence : `${sentence}.`)).join(' ');
  if (wait === undefined) return { text, status, fields };
  return { text: `${text} Try again ${inTime(wait)}.`, status, fields, headers: { 'Retry-After': wait } };
}

/**
 * Does what a form asks for.
 *
 * @returns the result, or the fault, for the form to be shown again
 * @throws errors that a form cannot correct, such as AppError `not_found`
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
 * Does what a form asks for. If the form names something that does not exist, its reader can correct that like
 * everything else they typed.
 *
 * @param field - which names it
 * @throws AppError `invalid` instead of `not_found`
 */
export async function naming<T>(work: () => Promise<T>, field?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
    if (field === undefined) throw new AppError('invalid', error.message, { cause: error });
    throw fieldError('invalid', field, error.message, { cause: error });
  }
}
