import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from } from 'pg-copy-streams';
import type { Db } from '../db';
import { query } from '../query';
import { copySql, listTables, tableSql, type CopiedTable, type Run, type SequenceState } from './schema';

/*
 * Rows into tables that the migrations have just created. Foreign keys are dropped and created again afterwards, which
 * checks all rows at once, and triggers rest: the rows that they would write are among those that are loaded. The owner of
 * the tables may do this, in one transaction.
 */

/** What to load. */
export interface LoadedTables<T extends CopiedTable & { readonly rows: number }> {
  readonly tables: readonly T[];
  readonly sequences: readonly SequenceState[];
  /** Opens the rows of a table in the text format of COPY. */
  readonly open: (table: T) => Readable;
  /** Called after each table. */
  readonly onTable: (table: T) => void;
}

interface ConnectionSource {
  acquireConnection(): Promise<pg.Client>;
  releaseConnection(connection: pg.Client): Promise<void>;
}

const FOREIGN_KEYS = `
  select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
  from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`;

async function copyInto(tx: Db, table: CopiedTable, rows: Readable): Promise<void> {
  const source = tx.client as ConnectionSource;
  const connection = await source.acquireConnection();
  try {
    await pipeline(rows, connection.query(from(`copy ${copySql(table)} from stdin`)));
  } finally {
    await source.releaseConnection(connection);
  }
}

async function count(run: Run, table: CopiedTable): Promise<number> {
  return (await run<{ rows: number }>(`select count(*) as rows from ${tableSql(table.name)}`))[0]?.rows ?? 0;
}

/**
 * Replaces the rows of all tables, and counts them.
 *
 * @param tx - a transaction without a time limit, in which the migrations have created the tables
 * @throws Error when a table has another number of rows than expected, or rows refer to rows that do not exist
 */
export async function loadTables<T extends CopiedTable & { readonly rows: number }>(
  tx: Db,
  { tables, sequences, open, onTable }: LoadedTables<T>,
): Promise<void> {
  const run: Run = (text, values) => query(tx, text, values);
  const all = (await listTables(run, new Set())).map(({ name }) => tableSql(name));
  const keys = await run<Record<'table' | 'name' | 'definition', string>>(FOREIGN_KEYS);
  for (const { table, name } of keys) await run(`alter table ${table} drop constraint ${name}`);
  for (const table of all) await run(`alter table ${table} disable trigger user`);
  await run(`truncate ${all.join(', ')}`);
  for (const table of tables) {
    await copyInto(tx, table, open(table));
    const found = await count(run, table);
    if (found !== table.rows)
      throw new Error(`${table.name} has ${found} rows after loading, but should have ${table.rows}`);
    onTable(table);
  }
  for (const { table, column, value, isCalled } of sequences) {
    await run('select setval(pg_get_serial_sequence($1, $2), $3, $4)', [tableSql(table), column, value, isCalled]);
  }
  for (const { table, name, definition } of keys)
    await run(`alter table ${table} add constraint ${name} ${definition}`);
  for (const table of all) await run(`alter table ${table} enable trigger user`);
}
