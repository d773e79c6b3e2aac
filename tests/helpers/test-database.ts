import { randomBytes } from 'node:crypto';
import { openDb, type Db } from '../../src/platform/db/db';

/** The variable in which the set-up tells the test files where Postgres is. */
export const TEST_POSTGRES = 'DRYDOCK_TEST_POSTGRES';

/** The migrated database that tests clone. */
export const TEMPLATE = 'drydock_template';

interface Connection {
  host: string;
  port: number;
  user: string;
  database: string;
}

export interface TestDatabase {
  readonly connection: Connection;
  /** The same as a URL, for child processes. */
  readonly url: string;
  readonly db: Db;
  drop(): Promise<void>;
}

function serverConnection(): Connection {
  const text = process.env[TEST_POSTGRES];
  if (text === undefined) throw new Error('the test set-up has not started Postgres');
  return JSON.parse(text) as Connection;
}

async function asAdmin(sql: string): Promise<void> {
  const admin = openDb(serverConnection(), 1);
  await admin.raw('set statement_timeout = 0'); // a copy may wait for a checkpoint of the other tests
  await admin.raw(sql);
  await admin.destroy();
}

/** A fresh database with today's schema and nothing in it. */
export async function createTestDatabase(template = TEMPLATE): Promise<TestDatabase> {
  const database = `t_${randomBytes(8).toString('hex')}`;
  await asAdmin(`create database ${database} template ${template}`);
  const connection = { ...serverConnection(), database };
  const db = openDb(connection);
  const { host, port, user } = connection;
  return {
    connection,
    url: `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`,
    db,
    drop: async () => {
      await db.destroy();
      await asAdmin(`drop database if exists ${database} with (force)`);
    },
  };
}
