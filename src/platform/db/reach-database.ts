import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { hasCode } from '../error-code';
import { AppError } from '../errors';
import type { Logger } from '../log/logger';
import { adviceFor, describeError } from './connection-advice';
import { clientOptions, CONNECT_MS, STATEMENT_MS, type DbConnection } from './db';
import { isOutage } from './outage';
import { assertUsable } from './usable-database';

/** We try once a second: a database on another host may come up half a minute after us. */
const ATTEMPTS = 30;

/** Opens a separate connection: the first check of a database must not go through a pool that hides its errors. */
async function connect(connection: DbConnection): Promise<pg.Client> {
  const client = new pg.Client({
    ...clientOptions(connection),
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS, // the same limit as the pool's: a pooler may refuse it
  });
  client.on('error', () => undefined); // the next statement on it reports the error, too
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/**
 * A protocol violation (08P01) counts as an outage in the middle of work; at the start it is the refusal of a pooler.
 */
function isWorthWaiting(error: unknown): boolean {
  return isOutage(error) && describeError(error).code !== '08P01';
}

function cannotUse(error: unknown): AppError {
  const message = `Cannot use the database: ${describeError(error).message}${adviceFor(error)}`;
  return new AppError('unavailable', message, { cause: error });
}

/**
 * Runs work that changes the schema.
 *
 * @throws AppError `unavailable`, with what to do, when the role lacks the right; otherwise whatever `work` throws
 */
export async function explainingRights<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw hasCode(error, '42501') ? cannotUse(error) : error;
  }
}

/**
 * Waits for a database that is not available yet, and for no other reason: a wrong password, an untrusted certificate
 * or a pooler that refuses us will be the same in half a minute. Then makes sure that Drydock can work with it.
 *
 * @throws AppError `unavailable` with what is wrong and what to do; the reason of `stopping` when that is aborted
 */
export async function reachDatabase(connection: DbConnection, log: Logger, stopping: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await assertUsable(() => connect(connection));
      return;
    } catch (error) {
      stopping.throwIfAborted();
      if (error instanceof AppError) throw error;
      if (attempt === ATTEMPTS || !isWorthWaiting(error)) throw cannotUse(error);
      if (attempt === 1) log.warn({ reason: describeError(error).message }, 'waiting for the database');
      await sleep(1000, undefined, { signal: stopping }).catch(() => stopping.throwIfAborted());
    }
  }
}
