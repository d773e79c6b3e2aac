import type { Db } from '../../src/platform/db/db';
import { inReplica, insertSql, listTables, OUR_SCHEMAS } from './tables';

/*
 * A database that a test file is done with serves the next one: copying and dropping one took a third of the time of a
 * run, and emptying one takes a tenth of that. It is dropped all the same where a test changed its schema, or left a
 * connection behind.
 */

/** A database that has the template's rows again. */
export interface SpareDatabase {
  readonly name: string;
  /** How many test files or tests had it. */
  readonly uses: number;
}

interface Pool {
  readonly spare: SpareDatabase[];
  /** The same for every copy of the template. */
  pristine: { readonly schema: string; readonly rows: string } | undefined;
}

/** After so many uses a database is dropped, with the dead rows in its tables. */
const USES = 40;

const POOL = Symbol.for('drydock.test-databases');

/** One for each worker: jest loads the helpers again for each file. */
function pool(): Pool {
  const globals = globalThis as unknown as Record<symbol, Pool | undefined>;
  const found = globals[POOL] ?? { spare: [], pristine: undefined };
  globals[POOL] = found;
  return found;
}

/** Copies of the template have the same object ids, so that this differs after any change of the schema. */
const SCHEMA = `
  select md5(string_agg(part, '|' order by part)) as schema from (
    select format('%s %s %s', oid, relname, relkind) as part from pg_class where relnamespace in ${OUR_SCHEMAS}
    union all
    select format('%s %s %s %s', a.attrelid, a.attname, a.atttypid, a.attnotnull) from pg_attribute a
      join pg_class c on c.oid = a.attrelid and c.relnamespace in ${OUR_SCHEMAS} where a.attnum > 0
    union all
    select format('%s %s', oid, tgenabled) from pg_trigger
    union all
    select format('%s %s', oid, convalidated) from pg_constraint where connamespace in ${OUR_SCHEMAS}
    union all
    select format('%s %s', oid, md5(prosrc)) from pg_proc where pronamespace in ${OUR_SCHEMAS}
    union all
    select setconfig::text from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
      where d.datname = current_database()
  ) parts`;

const USED = `
  select oid::regclass::text as name from pg_class
  where relkind = 'r' and relnamespace in ${OUR_SCHEMAS} and pg_relation_size(oid) > 0`;

const SEQUENCES = `
  select format('%I.%I', schemaname, sequencename) as name, coalesce(last_value, start_value) as value,
    last_value is not null as "isCalled" from pg_sequences`;

const OTHERS = `select count(*)::int as others from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;

async function rowsOf<R>(db: Db, sql: string): Promise<R[]> {
  return (await db.raw<{ rows: R[] }>(sql)).rows;
}

async function schemaOf(db: Db): Promise<string> {
  return (await rowsOf<{ schema: string }>(db, SCHEMA))[0]?.schema ?? '';
}

/** The rows and sequences of a database, as SQL that gives them to an empty one. */
async function rowsSql(db: Db): Promise<string> {
  const statements: string[] = [];
  for (const table of await listTables(db)) {
    const { name } = table;
    const found = await rowsOf<{ all: string | null }>(db, `select jsonb_agg(to_jsonb(t))::text as all from ${name} t`);
    const all = found[0]?.all;
    if (typeof all !== 'string') continue;
    const json = `'${all.replaceAll("'", "''")}'::jsonb`;
    statements.push(insertSql(table, `from jsonb_populate_recordset(null::${name}, ${json})`));
  }
  const sequences = await rowsOf<{ name: string; value: number; isCalled: boolean }>(db, SEQUENCES);
  const values = sequences.map(({ name, value, isCalled }) => `select setval('${name}', ${value}, ${isCalled})`);
  return inReplica([...statements, ...values]);
}

/** Deletes all rows, and the room that they took: rows that come later stand in the order in which they came. */
async function empty(db: Db): Promise<void> {
  const used = (await rowsOf<{ name: string }>(db, USED)).map(({ name }) => name);
  await db.raw('set statement_timeout = 0');
  await db.raw(inReplica(used.map((name) => `delete from ${name}`)));
  await db.raw(`vacuum (truncate) ${used.join(', ')}`);
}

/** Takes a database that is as good as new. */
export function takeSpare(): SpareDatabase | undefined {
  return pool().spare.pop();
}

/** Remembers what a copy of the template looks like. @param db - a new one */
export async function learnTemplate(db: Db): Promise<void> {
  pool().pristine ??= { schema: await schemaOf(db), rows: await rowsSql(db) };
}

/**
 * Empties a database and keeps it for the next one who takes a spare one.
 *
 * @param db - a connection of its own; the test's are closed
 * @returns false when it has to be dropped
 */
export async function keepAsSpare(db: Db, { name, uses }: SpareDatabase): Promise<boolean> {
  const { pristine, spare } = pool();
  if (pristine === undefined || uses >= USES) return false;
  if (((await rowsOf<{ others: number }>(db, OTHERS))[0]?.others ?? 1) > 0) return false;
  if ((await schemaOf(db)) !== pristine.schema) return false;
  await empty(db);
  await db.raw(pristine.rows);
  spare.push({ name, uses: uses + 1 });
  return true;
}
