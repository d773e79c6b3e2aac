import knex, { type Knex } from 'knex';
import pg from 'pg';

/** A connection pool, or a transaction on one: what a store function takes first. */
export type Db = Knex;

/** How to reach Postgres: a URL, or a socket directory as host with port, user and database. */
export type DbConnection = string | Readonly<{ host: string; port: number; user: string; database: string }>;

// bigint columns are identities and byte counts, all far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * Opens the pool. Nothing is connected yet.
 *
 * @param connection - where Postgres is
 * @param maxConnections - how many connections this process may hold
 */
export function openDb(connection: DbConnection, maxConnections = 16): Db {
  return knex({
    client: 'pg',
    // A socket has no TLS, whatever PGSSLMODE says.
    connection: typeof connection === 'string' ? { connectionString: connection } : { ...connection, ssl: false },
    // Knex throws what it warns of; its warning is a stack trace on stdout, where commands write their output.
    log: { warn: () => undefined },
    pool: { min: 0, max: maxConnections, acquireTimeoutMillis: 15_000, idleTimeoutMillis: 60_000 },
  });
}

/** Runs `work` in a transaction: commits when it resolves, rolls back when it throws. Inside, pass `tx` on, never `db`. */
export async function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction(work);
}
