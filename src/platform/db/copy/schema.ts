import type { QueryResultRow } from 'pg';
import { quoted } from '../identifiers';
import { UNFINISHED_RESTORE } from '../migrate';

/*
 * The tables of the schema `public` as a copy of the database sees them, apart from those of the migrator and of a
 * restore, and from unlogged ones, whose rows Postgres itself discards after a crash.
 */

/** A table with the columns that are stored; those that Postgres computes are not among them. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/** The state of the sequence behind a column. */
export interface SequenceState {
  readonly table: string;
  readonly column: string;
  readonly value: number;
  /** Whether the value was given out already. */
  readonly isCalled: boolean;
}

/** Runs a statement; on a connection of its own, or in a transaction. */
export type Run = <R extends QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>;

/** A table of the schema `public` in SQL. */
export function tableSql(table: string): string {
  return `public.${quoted(table)}`;
}

/** The table and its stored columns, for COPY. */
export function copySql({ name, columns }: CopiedTable): string {
  return `${tableSql(name)} (${columns.map(quoted).join(', ')})`;
}

const TABLES = `
  select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relpersistence = 'p'
    and c.relname not like 'knex\\_%' and c.relname not like '${UNFINISHED_RESTORE}%'
  group by c.relname order by c.relname`;

/** Lists the tables to copy. @param leaveOut - the names of those that are not copied */
export async function listTables(run: Run, leaveOut: ReadonlySet<string>): Promise<CopiedTable[]> {
  const tables = await run<{ name: string; columns: string[] }>(TABLES);
  return tables.filter(({ name }) => !leaveOut.has(name));
}

/** Lists the migrations that were applied, in their order; undefined if the database has never been migrated. */
export async function listMigrations(run: Run): Promise<string[] | undefined> {
  const found = await run(`select 1 where to_regclass('public.knex_migrations') is not null`);
  if (found.length === 0) return undefined;
  return (await run<{ name: string }>('select name from public.knex_migrations order by id')).map(({ name }) => name);
}

const SEQUENCES = `
  select t.relname as table, a.attname as column, format('%I.%I', n.nspname, s.relname) as sequence
  from pg_class s join pg_namespace n on n.oid = s.relnamespace
    join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.deptype in ('a', 'i')
      and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
    join pg_class t on t.oid = d.refobjid and t.relname not like 'knex\\_%'
    join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
  where s.relkind = 'S' and n.nspname = 'public' order by t.relname, a.attname`;

/** Reads the sequences behind columns. */
export async function listSequences(run: Run): Promise<SequenceState[]> {
  const states: SequenceState[] = [];
  for (const { table, column, sequence } of await run<Record<'table' | 'column' | 'sequence', string>>(SEQUENCES)) {
    const text = `select last_value as value, is_called as "isCalled" from ${sequence}`;
    const state = (await run<{ value: number; isCalled: boolean }>(text))[0];
    if (state !== undefined) states.push({ table, column, ...state });
  }
  return states;
}
