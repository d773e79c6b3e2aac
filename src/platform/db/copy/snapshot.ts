import type { Readable } from 'node:stream';
import pg from 'pg';
import { to } from 'pg-copy-streams';
import { AppError } from '../../errors';
import { clientOptions, PATIENT_CONNECT_MS, type DbConnection } from '../db';
import { MIGRATION_LOCK } from '../migrate';
import { copySql, listMigrations, listSequences, listTables, tableSql } from './schema';
import type { CopiedTable, Run, SequenceState } from './schema';

/** A database as it was at one moment, whatever is written to it since. */
export interface Snapshot {
  /** `18.4` */
  readonly serverVersion: string;
  readonly migrations: readonly string[];
  readonly tables: readonly CopiedTable[];
  readonly sequences: readonly SequenceState[];
  /** Queries the snapshot. */
  readonly run: Run;
  /** The rows of a table in the text format of COPY, which all versions of Postgres share. One at a time. */
  copyTable(table: CopiedTable): Readable;
  /** The rows of a query in the same format. */
  copyQuery(text: string): Readable;
}

/** Texts must not depend on the settings of the server or the role. Nothing limits how long it takes. */
const SETTINGS = `set datestyle = 'ISO'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set extra_float_digits = 1;
  set bytea_output = 'hex'; set client_encoding = 'UTF8'; set statement_timeout = 0; set lock_timeout = 0;
  set idle_in_transaction_session_timeout = 0`;

function runOn(client: pg.Client): Run {
  return async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    (await client.query<R>(text, values)).rows;
}

/**
 * Begins the transaction. A migration must neither run at that moment nor change a table before it was copied: tables that a
 * migration rewrites look empty to older transactions. So migrations wait for the locks on the tables.
 */
async function begin(client: pg.Client, leaveOut: ReadonlySet<string>): Promise<Snapshot> {
  const run = runOn(client);
  await client.query(SETTINGS);
  await client.query('select pg_advisory_lock_shared($1)', [MIGRATION_LOCK]);
  const tables = await listTables(run, leaveOut);
  await client.query('begin isolation level repeatable read read only');
  if (tables.length > 0) {
    await client.query(`lock table ${tables.map(({ name }) => tableSql(name)).join(', ')} in access share mode`);
  }
  const migrations = await listMigrations(run);
  await client.query('select pg_advisory_unlock_shared($1)', [MIGRATION_LOCK]);
  if (migrations === undefined) throw new AppError('not_found', 'The database is empty: Drydock has never used it');
  const version = (await run<{ server_version: string }>('show server_version'))[0]?.server_version ?? '';
  return {
    serverVersion: version.split(' ')[0] ?? '',
    migrations,
    tables,
    sequences: await listSequences(run),
    run,
    copyTable: (table) => client.query(to(`copy ${copySql(table)} to stdout`)),
    copyQuery: (text) => client.query(to(`copy (${text}) to stdout`)),
  };
}

/**
 * Reads the database as it is at one moment. It blocks nothing but migrations.
 *
 * @param leaveOut - the names of tables that are not copied
 * @throws AppError `not_found` when Drydock has never used the database; whatever `work` throws
 */
export async function withSnapshot<T>(
  connection: DbConnection,
  leaveOut: ReadonlySet<string>,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...clientOptions(connection), connectionTimeoutMillis: PATIENT_CONNECT_MS });
  client.on('error', () => undefined); // the statement that runs reports it, too
  try {
    await client.connect();
    return await work(await begin(client, leaveOut));
  } finally {
    await client.end().catch(() => undefined);
  }
}
