/*
 * Who may stop the server: every process that uses it keeps one connection open, the holder, and on it a shared
 * advisory lock PRESENT. A process that leaves takes LEAVING, so that one leaves at a time, and then tries to get
 * PRESENT exclusively. If it succeeds, it was the last one and stops the server. A process that arrives during that
 * time waits for PRESENT until the server is gone and then starts it again. A process that is killed loses its
 * connection, and its locks with it.
 *
 * The holder connects to the database "postgres", which does not hold our tables, so that ours may be dropped and
 * restored.
 */
import { Client, DatabaseError } from 'pg';
import { DATABASE_USER } from './init-cluster';

/** The database that holds Drydock's tables. */
export const DATABASE_NAME = 'drydock';
export const SERVER_PORT = 5432;

const APPLICATION_NAME = 'drydock-holder';
// The numbers are arbitrary but the same in every version of Drydock. Locks are per database, and nothing else uses
// "postgres".
const PRESENT = 7_301_001;
const LEAVING = 7_301_002;
const DUPLICATE_DATABASE = '42P04';
const UNIQUE_VIOLATION = '23505';

/** Our share in a running server. */
export interface Holder {
  /** Resolves when the connection is gone, for any reason. */
  readonly lost: Promise<void>;
  /**
   * Gives up our share. Returns true if we are the last, nobody else can join, and we have to stop the server and then
   * call `close`. Returns false if others use the server, or if it is already gone.
   */
  leave(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Connects to a running server, registers as one of its users and creates the database if it is missing. Rejects if
 * there is no server, or if it is starting or stopping.
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
  // Without a listener an error would end the process. The "end" event follows and is the one that counts.
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
    // We unlock in this order instead of disconnecting: the next process to leave must find that we are gone.
    await client.query('select pg_advisory_unlock_shared($1)', [PRESENT]);
  } catch {
    // The connection broke, so there is no server left to stop.
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
