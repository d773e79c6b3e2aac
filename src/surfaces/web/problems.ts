import { AppError, type ErrorCode } from '../../platform/errors';
import type { Headers } from '../../platform/http/exchange';

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

/** What was wrong with a form. */
export interface Fault {
  /** a sentence */
  readonly text: string;
  /** for the page that shows it */
  readonly status: 400 | 403 | 409 | 429;
  /** for that page, too: when to try again */
  readonly headers?: Headers;
}

function statusOf(code: ErrorCode): Fault['status'] {
  if (code === 'conflict' || code === 'stale') return 409;
  if (code === 'busy') return 429;
  return code === 'forbidden' || code === 'closed' ? 403 : 400;
}

function faultOf({ code, message, retryAfterSeconds: wait }: AppError): Fault {
  const text = `${message.replace(/\.$/, '')}.`;
  if (wait === undefined) return { text, status: statusOf(code) };
  return { text: `${text} Try again in ${wait} seconds.`, status: statusOf(code), headers: { 'Retry-After': wait } };
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
