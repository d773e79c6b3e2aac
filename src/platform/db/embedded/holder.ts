/*
 * Who may stop the server: every process that uses it keeps one connection open, the holder, and on it a shared advisory
 * lock PRESENT. A process that leaves takes LEAVING, so that one leaves at a time, and then tries to get PRESENT for itself
 * alone. If it can, it was the last and stops the server, and whoever comes meanwhile waits for PRESENT until the server is
 * gone and then starts it anew. A process that is killed loses its connection and with it its locks.
 *
 * The holder is connected to the database "postgres", where our tables are not: that one may be dropped and restored.
 */
import { Client, DatabaseError } from 'pg';
import { DATABASE_USER } from './init-cluster';

/** The database that Drydock's tables are in. */
export const DATABASE_NAME = 'drydock';
export const SERVER_PORT = 5432;

const APPLICATION_NAME = 'drydock-holder';
// Arbitrary, but the same in every version of Drydock. Locks are per database: nobody else uses "postgres".
const PRESENT = 7_301_001;
const LEAVING = 7_301_002;
const DUPLICATE_DATABASE = '42P04';
const UNIQUE_VIOLATION = '23505';

/** Our stake in a running server. */
export interface Holder {
  /** Resolves when the connection is gone, for whatever reason. */
  readonly lost: Promise<void>;
  /**
   * Gives up our stake. True: we are the last, nobody can join any more, and the server is ours to stop; then `close`.
   * False: others use it, or it is gone already.
   */
  leave(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Connects to a running server, registers as one of its users and creates the database if it is missing.
 * Rejects when there is no server, or when it is starting or stopping.
 */
export async function joinServer(socketDir: string): Promise<Holder> {
  const client = new Client({
    host: socketDir,
    port: SERVER_PORT,
    user: DATABASE_USER,
    database: 'postgres',
    application_name: APPLICATION_NAME,
    ssl: false,
    keepAlive: true,
    connectionTimeoutMillis: 5000,
  });
  const lost = new Promise<void>((resolve) => client.once('end', resolve));
  // Without a listener an error would end the process; "end" follows and is what counts.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select pg_advisory_lock_shared($1)', [PRESENT]);
    await createDatabase(client);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return { lost, leave: () => leave(client), close: () => client.end().catch(() => undefined) };
}

async function leave(client: Client): Promise<boolean> {
  try {
    await client.query('select pg_advisory_lock($1)', [LEAVING]);
    const { rows } = await client.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [PRESENT]);
    if (rows[0]?.last === true) return true;
    // In this order, and not by disconnecting: the next to leave must find us gone.
    await client.query('select pg_advisory_unlock_shared($1)', [PRESENT]);
  } catch {
    // The connection broke: there is no server left to stop.
  }
  await client.end().catch(() => undefined);
  return false;
}

async function createDatabase(client: Client): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE_NAME]);
  if (rowCount !== 0) return;
  try {
    await client.query(`create database ${DATABASE_NAME}`);
  } catch (error) {
    const raced = error instanceof DatabaseError && [DUPLICATE_DATABASE, UNIQUE_VIOLATION].includes(error.code ?? '');
    if (!raced) throw error;
  }
}
