import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { clientOptions, PATIENT_CONNECT_MS, type Db, type DbConnection } from './db';
import { KEEPALIVE, untilLost } from './held-connection';
import { query } from './query';

/*
 * A lock that any process on the database can see, and that ends with the process that holds it: an advisory lock of
 * Postgres on a connection of its own.
 */

/** A lock that this process holds. */
export interface SessionLock {
  /** Aborted when the connection, and the lock with it, is lost. */
  readonly lost: AbortSignal;
  /** Makes sure that the lock was held all the time until now. @throws Error when it was lost */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/** A server may be configured to end sessions that do nothing. */
const NO_IDLE_TIMEOUT = `select set_config('idle_session_timeout', '0', false)`;

/** The session of a process that was killed ends with its statement, which may take a moment. */
const PATIENCE_MS = 5000;
const RETRY_MS = 100;

async function tryFor(client: pg.Client, key: number, patienceMs: number): Promise<boolean> {
  for (const giveUpAt = performance.now() + patienceMs; ; await sleep(RETRY_MS)) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [key]);
    if (rows[0]?.mine === true) return true;
    if (performance.now() >= giveUpAt) return false;
  }
}

/** @returns undefined if another session holds it, and goes on to hold it for some seconds */
export async function trySessionLock(connection: DbConnection, key: number): Promise<SessionLock | undefined> {
  const client = new pg.Client({ ...clientOptions(connection), connectionTimeoutMillis: PATIENT_CONNECT_MS });
  const lost = new AbortController();
  const over = new AbortController();
  const onLost = (): void => lost.abort(new Error('the connection that held a lock of the database was lost'));
  client.on('error', () => undefined); // the event `end` follows
  client.once('end', onLost);
  const release = async (): Promise<void> => {
    over.abort();
    client.off('end', onLost);
    await client.end().catch(() => undefined); // the lock ends with the connection
  };
  try {
    await client.connect();
    await client.query(KEEPALIVE);
    await client.query(NO_IDLE_TIMEOUT);
    if (!(await tryFor(client, key, PATIENCE_MS))) {
      await release();
      return undefined;
    }
  } catch (error) {
    await release();
    throw error;
  }
  void untilLost(client, over.signal).then(() => {
    if (!over.signal.aborted) onLost();
  });
  const assertHeld = async (): Promise<void> => {
    await client.query('select 1').catch(onLost);
    lost.signal.throwIfAborted();
  };
  return { lost: lost.signal, assertHeld, release };
}

/** Whether a session holds the lock at this moment. */
export async function isSessionLockHeld(db: Db, key: number): Promise<boolean> {
  const rows = await query(
    db,
    `select 1 from pg_locks where locktype = 'advisory' and granted and classid = 0 and objid = $1 and objsubid = 1
       and database = (select oid from pg_database where datname = current_database()) limit 1`,
    [key],
  );
  return rows.length > 0;
}
