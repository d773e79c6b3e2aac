import type { IncomingMessage } from 'node:http';
import { AppError, type ErrorCode } from '../../platform/errors';
import type { ErrorReply } from '../../platform/http/answer';
import type { Reply } from '../../platform/http/exchange';
import type { Method } from '../../platform/http/route';
import { sentence } from './pages';

const PROBLEMS: Record<ErrorCode, readonly [status: number, title: string]> = {
  invalid: [400, 'That does not work'],
  unauthenticated: [401, 'Please log in'],
  inactive: [403, 'This account is not active'],
  forbidden: [403, 'This is not allowed'],
  not_found: [404, 'Not found'],
  conflict: [409, 'That does not work'],
  missing_checksum: [412, 'That does not work'],
  too_large: [413, 'That is too much'],
  busy: [429, 'Please wait'],
  closed: [403, 'This is switched off'],
  storage_full: [507, 'There is no room left'],
  unavailable: [503, 'Please try again'],
  stale: [412, 'It has changed meanwhile'],
  unconditional: [428, 'That does not work'],
  unsupported_type: [415, 'That does not work'],
};

/** How a page says what went wrong. Whatever is no AppError is a 500: the cause goes to the log, not outside. */
export const webErrorReply: ErrorReply = (error, { requestId, log }) => {
  if (!(error instanceof AppError)) {
    log.error({ err: error }, 'request failed');
    return sentence(500, 'Something went wrong', `It is in the log of this server, under ${requestId}.`);
  }
  if (error.code === 'unavailable' || error.code === 'storage_full') log.warn({ err: error.cause }, error.message);
  const [status, title] = PROBLEMS[error.code];
  const { retryAfterSeconds } = error;
  return sentence(
    status,
    title,
    `${error.message}.`,
    retryAfterSeconds === undefined ? {} : { 'Retry-After': retryAfterSeconds },
  );
};

/** A path that no row has, or not with this method. */
export function webFallback(_req: IncomingMessage, allowed: readonly Method[]): Reply {
  if (allowed.length === 0) return sentence(404, 'Not found', 'There is no such page.');
  const names = allowed.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return sentence(405, 'That does not work', 'A page cannot be used like this.', { Allow: names.join(', ') });
}
