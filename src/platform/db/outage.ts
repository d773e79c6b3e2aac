import { hasCode } from '../error-code';
import { AppError } from '../errors';

/*
 * What a caller sees when Postgres is not available: stopped, starting, out of connections, disconnected in the middle
 * of a request, or too slow. The request fails with `unavailable`, and the pool reconnects by itself for the next one.
 * A statement that was sent may still have taken effect, so nothing is repeated after an outage.
 */

const RETRY_AFTER_SECONDS = 5;

/**
 * SQLSTATEs: connection exceptions, shutting down or starting, cancelled by a timeout, no resources, a read-only
 * standby.
 */
const OUTAGE_STATES = /^(08...|57P0[1235]|57014|55P03|53000|53[234]00|25006)$/;
const DISK_FULL = '53100';
/** Postgres keeps no NUL, in text or in jsonb. */
const NUL_IN_TEXT = ['22021', '22P05'];

const NETWORK_CODES =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** Errors of pg, knex and its pool that have no code; knex puts the statement before them. */
const OUTAGE_MESSAGES =
  /(?:^| - )(?:Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|timeout expired|Knex: Timeout acquiring a connection|Unable to acquire a connection|aborted$)/;

/** Whether Postgres is only temporarily unavailable, so that the same request may succeed later. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error) && !(typeof error === 'object' && error !== null && 'message' in error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (OUTAGE_STATES.test(code) || NETWORK_CODES.test(code)) return true;
  // The socket of a stopped server is gone; any other missing file is a different problem.
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect';
  return OUTAGE_MESSAGES.test(String(error.message));
}

/** Whether Postgres aborted a transaction only because of another one, so that it may succeed the next time. */
export function isTransient(error: unknown): boolean {
  return hasCode(error, '40P01', '40001');
}

/** What the caller of a transaction sees that failed twice because of others. */
export function tooContended(error: unknown): AppError {
  const options = { cause: error, retryAfterSeconds: 1 };
  return new AppError('unavailable', 'The database is too busy with this', options);
}

/**
 * The error to throw instead: `unavailable` when Postgres is not there, `storage_full` when it has no room, `invalid` for a
 * text with a NUL, otherwise the same.
 */
export function translateOutage(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (hasCode(error, DISK_FULL)) return new AppError('storage_full', 'The database has no room left', { cause: error });
  if (hasCode(error, ...NUL_IN_TEXT)) return new AppError('invalid', 'No text may contain a NUL', { cause: error });
  if (!isOutage(error)) return error;
  const options = { cause: error, retryAfterSeconds: RETRY_AFTER_SECONDS };
  return new AppError('unavailable', 'The database does not answer', options);
}

/**
 * Runs work that uses Postgres.
 *
 * @throws AppError `unavailable` when Postgres is not available; otherwise whatever `work` throws
 */
export async function translatingOutages<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateOutage(error);
  }
}
