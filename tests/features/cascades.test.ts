import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';

/*
 * A promise that a row keeps is lost with the row. So for every foreign key that deletes or changes rows by itself, a
 * line in the decision must say which promise that could break.
 */

const FILE = path.join(__dirname, '../../docs/decisions/0017-what-ends.md');
const ACTIONS: Record<string, string> = { c: 'cascade', n: 'set null', d: 'set default' };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('every foreign key that deletes or changes rows has its line in the decision about endings', async () => {
  const { rows } = await database.db.raw<{ rows: { key: string; action: string }[] }>(
    `select c.conrelid::regclass || '.' || (
       select string_agg(a.attname, '+' order by k.position)
       from unnest(c.conkey) with ordinality k (number, position)
       join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number) as key, c.confdeltype as action
     from pg_constraint c where c.contype = 'f' and c.confdeltype not in ('a', 'r')
       and c.connamespace = 'public'::regnamespace`,
  );
  const written = [...readFileSync(FILE, 'utf8').matchAll(/^- `([a-z_.+]+)` ([a-z ]+): \S+/gm)];
  const lines = written.map(([, key, action]) => `${key} ${action}`);
  expect(lines.sort()).toEqual(rows.map(({ key, action }) => `${key} ${ACTIONS[action]}`).sort());
});
