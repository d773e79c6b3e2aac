import path from 'node:path';
import { query } from '../src/platform/db/query';
import { expectGolden } from './helpers/golden';
import { createTestDatabase, type TestDatabase } from './helpers/test-database';

/** Our tables, without those of knex and the job queue. */
const OURS = `n.nspname = 'public' and c.relname not like 'knex%'`;

const QUERIES = [
  `select c.relname as t, format('  %s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
       case when a.attnotnull then ' not null' else '' end,
       case when a.attidentity <> '' then ' identity' when a.attgenerated <> '' then ' generated'
         when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end) as line
   from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
   where ${OURS} and c.relkind = 'r' order by a.attnum`,
  `select c.relname as t, '  ' || pg_get_constraintdef(k.oid) as line
   from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
   where ${OURS} and k.contype in ('p', 'u', 'f', 'c') order by k.contype, pg_get_constraintdef(k.oid) collate "C"`,
  `select c.relname as t, '  ' || replace(pg_get_indexdef(i.indexrelid), ' ON public.' || c.relname, '') as line
   from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
   where ${OURS} and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
   order by pg_get_indexdef(i.indexrelid) collate "C"`,
  `select c.relname as t, '  ' || replace(pg_get_triggerdef(g.oid), ' ON public.' || c.relname, '') as line
   from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
   where ${OURS} and not g.tgisinternal order by g.tgname`,
];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('tests/schema.txt describes the result of the migrations: a change of one is a change of the other', async () => {
  const tables = new Map<string, string[]>();
  for (const text of QUERIES) {
    for (const { t, line } of await query<{ t: string; line: string }>(database.db, text)) {
      tables.set(t, [...(tables.get(t) ?? []), line]);
    }
  }
  const names = [...tables.keys()].sort();
  const schema = names.map((name) => `${name}\n${tables.get(name)!.join('\n')}\n`).join('\n');
  expectGolden(path.join(__dirname, 'schema.txt'), schema);
});
