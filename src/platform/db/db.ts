import { setTimeout as sleep } from 'node:timers/promises';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { AppError } from '../errors';
import { withPlainSslMode } from './database-url';
import { isTransient, tooContended, translateOutage, translatingOutages } from './outage';

/** A connection pool, or a transaction on one: the first parameter of every store function. */
export type Db = Knex;

/** How to reach Postgres: a URL, or a socket directory as host with port, user and database. */
export type DbConnection = string | Readonly<{ host: string; port: number; user: string; database: string }>;

// Our bigint columns are identities and byte counts, all far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** A request that waits longer for a connection is refused, because otherwise requests would pile up. */
const ACQUIRE_MS = 5000;
export const CONNECT_MS = 3000;

/** For work that nobody waits for in front of a browser. */
export const PATIENT_CONNECT_MS = 30_000;

/** A statement of a request that takes longer is cancelled. */
export const STATEMENT_MS = 10_000;

/**
 * A host that the network cuts off in the middle of a transaction keeps its locks until Postgres notices, by default
 * after two hours. Its own statements give up after twelve seconds. A socket on the machine ignores these settings.
 */
const GIVE_UP_LOST_CLIENTS = `select set_config('tcp_keepalives_idle', '5', false),
  set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false),
  set_config('tcp_user_timeout', '20000', false)`;

function prepareConnection(connection: pg.Client, done: (error: Error | null, connection: pg.Client) => void): void {
  connection.query(GIVE_UP_LOST_CLIENTS, (error: Error | null) => done(error, connection));
}

type SocketOptions = Exclude<DbConnection, string> & { ssl: false };

/** The connection in the form that pg takes. */
export function clientOptions(connection: DbConnection): { connectionString: string } | SocketOptions {
  // A socket does not use TLS, whatever PGSSLMODE says.
  return typeof connection === 'string'
    ? { connectionString: withPlainSslMode(connection) }
    : { ...connection, ssl: false };
}

/**
 * Opens the pool. It does not connect yet.
 *
 * @param connection - where Postgres is
 * @param maxConnections - how many connections this process may hold
 */
export function openDb(connection: DbConnection, maxConnections = 16): Db {
  return knex({
    client: 'pg',
    connection: {
      ...clientOptions(connection),
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
    },
    // Knex also throws what it warns about; its warning is a stack trace on stdout, where commands write their output.
    log: { warn: () => undefined },
    pool: {
      min: 0,
      max: maxConnections,
      acquireTimeoutMillis: ACQUIRE_MS,
      idleTimeoutMillis: 60_000,
      afterCreate: prepareConnection,
    },
  });
}

/** The connections of the pool of this process. */
export interface PoolFigures {
  readonly used: number;
  readonly idle: number;
  /** work that waits for a connection */
  readonly waiting: number;
}

interface Pool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** The state of the pool; knex does not type it. */
export function poolFigures(db: Db): PoolFigures {
  const { pool } = db.client as { pool: Pool };
  return { used: pool.numUsed(), idle: pool.numFree(), waiting: pool.numPendingAcquires() };
}

/**
 * Runs `work` in a transaction: commits when it resolves, rolls back when it throws. Inside, pass on `tx`, never `db`.
 * If Postgres aborted the transaction because of another one, `work` runs once more, so it must change nothing but the
 * database.
 *
 * @throws AppError `unavailable` when Postgres cannot be reached, or aborted it twice; otherwise whatever `work` throws
 */
export async function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  const attempt = (): Promise<T> => translatingOutages(() => db.transaction(work));
  try {
    return await attempt();
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
  return attempt().catch((error: unknown) => {
    throw isTransient(error) ? tooContended(error) : translateOutage(error);
  });
}

const PATIENCE_MS = 20_000;
const RETRY_MS = 250;

/**
 * Like `inTransaction`, for the end of an operation that has cost the client much, such as a layer that took an hour to
 * arrive: waits about twenty seconds for an outage of Postgres to end. An outage may hide that `work` was committed, so
 * running it a second time must have no further effect.
 *
 * @throws AppError `unavailable` when the outage lasts longer; otherwise whatever `work` throws
 */
export async function inPatientTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  for (const giveUpAt = performance.now() + PATIENCE_MS; ;) {
    try {
      return await inTransaction(db, work);
    } catch (error) {
      const isOutage = error instanceof AppError && error.code === 'unavailable';
      if (!isOutage || performance.now() >= giveUpAt) throw error;
    }
    await sleep(RETRY_MS);
  }
}

const withoutLimit = new WeakSet<Db>();

/** Whether statements on this pool may take as long as they need. */
export function isWithoutTimeLimit(db: Db): boolean {
  return withoutLimit.has(db);
}

/** Like `inTransaction`, for background work whose statements may take long. */
export async function inLongTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return inTransaction(db, async (tx) => {
    await tx.raw('set local statement_timeout = 0');
    withoutLimit.add(tx);
    return work(tx);
  });
}
