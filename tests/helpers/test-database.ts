import { randomBytes } from 'node:crypto';
import { openDb, type Db } from '../../src/platform/db/db';
import { keepAsSpare, learnTemplate, takeSpare, type SpareDatabase } from './database-pool';

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

async function copyOf(template: string): Promise<string> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await asAdmin(`create database ${name} template ${template}`);
  return name;
}

/** Empties it for the next test, or drops it where that cannot be done. */
async function giveBack(database: SpareDatabase, connection: Connection): Promise<void> {
  const db = openDb(connection, 1);
  const isKept = await keepAsSpare(db, database).catch(() => false);
  await db.destroy();
  if (!isKept) await asAdmin(`drop database if exists ${database.name} with (force)`);
}

/** A database with today's schema and nothing in it but what the migrations put there. */
export async function createTestDatabase(template = TEMPLATE): Promise<TestDatabase> {
  const spare = template === TEMPLATE ? takeSpare() : undefined;
  const name = spare?.name ?? (await copyOf(template));
  const connection = { ...serverConnection(), database: name };
  const db = openDb(connection);
  if (template === TEMPLATE) await learnTemplate(db);
  const { host, port, user } = connection;
  return {
    connection,
    url: `postgres://${user}@/${name}?host=${encodeURIComponent(host)}&port=${port}`,
    db,
    drop: async () => {
      await db.destroy();
      if (template === TEMPLATE) await giveBack({ name, uses: spare?.uses ?? 0 }, connection);
      else await asAdmin(`drop database if exists ${name} with (force)`);
    },
  };
}
