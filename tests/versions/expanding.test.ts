import { readdirSync } from 'node:fs';
import path from 'node:path';
import { inTransaction, type Db } from '../../src/platform/db/db';
import { createSchema } from '../../src/platform/db/migrate';
import { query } from '../../src/platform/db/query';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import { PREVIOUS } from './previous';

/*
 * The rule of docs/decisions/0039-rolling-upgrades.md, by what the migrations since the previous version have done: what
 * it reads is still there, and no write of it is refused.
 */

/**
 * What the previous version no longer uses, by the words of a finding below, with the commit since when: the step that
 * contracts may remove it.
 */
const CONTRACTED: Readonly<Record<string, string>> = {};

/** New rules that replace narrower ones, so that they allow all that the previous version writes. */
const WIDER: readonly string[] = [
  "webhook_deliveries has the new rule CHECK ((event = ANY (ARRAY['push'::text, 'test'::text, 'build_failed'::text, 'build_recovered'::text])))",
];

const COLUMNS = `
  select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
    a.atthasdef or a.attidentity <> '' or a.attgenerated <> '' as filled
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where n.nspname = 'public' and c.relkind in ('r', 'v') and c.relname not like 'knex%'`;

/** Constraints and unique indexes, each with the columns that it is about. */
const RULES = `
  select c.relname as table, pg_get_constraintdef(k.oid) as rule,
    array(select attname::text from pg_attribute where attrelid = c.oid and attnum = any(k.conkey)) as columns
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and k.contype in ('p', 'u', 'f', 'c', 'x')
  union all
  select c.relname, pg_get_indexdef(i.indexrelid),
    array(select attname::text from pg_attribute where attrelid = c.oid and attnum = any(i.indkey))
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and i.indisunique`;

const FUNCTIONS = `
  select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = 'public' and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly required: boolean;
  readonly filled: boolean;
}

interface Rule {
  readonly table: string;
  readonly rule: string;
  readonly columns: readonly string[];
}

interface Schema {
  readonly columns: readonly Column[];
  readonly rules: readonly Rule[];
  readonly functions: readonly string[];
}

async function schemaOf(db: Db): Promise<Schema> {
  const functions = await query<{ name: string }>(db, FUNCTIONS);
  return {
    columns: await query<Column>(db, COLUMNS),
    rules: await query<Rule>(db, RULES),
    functions: functions.map(({ name }) => name),
  };
}

const nameOf = ({ table, column }: Column): string => `${table}.${column}`;

function lost(before: Schema, after: Schema): string[] {
  const now = new Map(after.columns.map((column) => [nameOf(column), column]));
  const columns = before.columns.flatMap((old) => {
    const found = now.get(nameOf(old));
    if (found === undefined) return [`${nameOf(old)} is gone`];
    if (found.type !== old.type) return [`${nameOf(old)} was ${old.type} and is ${found.type}`];
    if (found.required && !old.required) return [`${nameOf(old)} must not be null`];
    return old.filled && !found.filled ? [`${nameOf(old)} has no default`] : [];
  });
  const functions = before.functions.filter((name) => !after.functions.includes(name));
  return [...columns, ...functions.map((name) => `${name} is gone`)];
}

/** What a server that does not know the new columns, and leaves them out, could violate. */
function refusals(before: Schema, after: Schema): string[] {
  const tables = new Set(before.columns.map(({ table }) => table));
  const known = new Set(before.columns.map(nameOf));
  const rules = new Set(before.rules.map(({ table, rule }) => `${table} ${rule}`));
  const columns = after.columns
    .filter((column) => tables.has(column.table) && !known.has(nameOf(column)) && column.required && !column.filled)
    .map((column) => `${nameOf(column)} is new, must not be null and has no default`);
  const violated = after.rules
    .filter(({ table, rule }) => tables.has(table) && !rules.has(`${table} ${rule}`))
    .filter(({ table, columns: of }) => of.length === 0 || of.some((column) => known.has(`${table}.${column}`)))
    .map(({ table, rule }) => `${table} has the new rule ${rule}`);
  return [...columns, ...violated];
}

const findings = (before: Schema, after: Schema): string[] => [...lost(before, after), ...refusals(before, after)];

const ALL = readdirSync(path.join(__dirname, '../../migrations'))
  .map((file) => path.parse(file).name)
  .sort();
const EARLIER = ALL.filter((name) => name <= PREVIOUS.lastMigration);

let database: TestDatabase;
let before: Schema;
beforeAll(async () => {
  database = await createTestDatabase('template0');
  await inTransaction(database.db, (tx) => createSchema(tx, EARLIER));
  before = await schemaOf(database.db);
});
afterAll(() => database.drop());

/** What a change does to the schema of the previous version; it is rolled back. */
async function findingsOf(change: (tx: Db) => Promise<unknown>): Promise<string[]> {
  const tx = await database.db.transaction();
  try {
    await change(tx);
    return findings(before, await schemaOf(tx));
  } finally {
    await tx.rollback();
  }
}

it('migrations since the previous version take nothing from it, and refuse no write of it (R281)', async () => {
  expect(ALL).toContain(PREVIOUS.lastMigration);
  expect(before.columns.length).toBeGreaterThan(200);
  const found = await findingsOf((tx) => createSchema(tx, ALL));
  expect(found.filter((finding) => !(finding in CONTRACTED) && !WIDER.includes(finding))).toEqual([]);
});

it.each([
  ['alter table tags drop column updated_at', 'tags.updated_at is gone'],
  ['alter table tags rename column name to title', 'tags.name is gone'],
  [
    'alter table comments alter column text type varchar(4096)',
    'comments.text was text and is character varying(4096)',
  ],
  ['drop table stars', 'stars.user_id is gone'],
  ['alter table users add column wanted text not null', 'users.wanted is new, must not be null and has no default'],
  [`alter table users add column hue text not null default 'red' check (hue <> '')`, undefined],
  [`alter table users add constraint short check (length(username) < 9)`, 'users has the new rule CHECK'],
  ['create unique index on comments (text)', 'comments has the new rule CREATE UNIQUE INDEX'],
  ['create table added (id int primary key, user_id bigint references users)', undefined],
])('a migration with `%s` is found out: %s (R281)', async (sql, finding) => {
  const found = await findingsOf((tx) => tx.raw(sql));
  if (finding === undefined) expect(found).toEqual([]);
  else expect(found).toEqual(expect.arrayContaining([expect.stringContaining(finding)]));
});
