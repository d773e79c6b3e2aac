import fc from 'fast-check';
import type { Actor } from '../../../src/features/accounts/actor';
import { searchRepositories } from '../../../src/features/search/search';
import { searchStatement } from '../../../src/features/search/search.store';
import { query } from '../../../src/platform/db/query';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

const ANYBODY: Actor = { kind: 'anonymous', address: '::1' };
const WORDS = ['red', 'redis', 'a%b', 'a_b', String.raw`c\d`, 'é', 'tool'];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const find = (term: string, page = 1, pageSize = 100) =>
  searchRepositories({ db: database.db }, ANYBODY, { term, page, pageSize });

it('finds exactly the repositories that have every word in their name or description', async () => {
  const anyText = fc.array(fc.constantFrom(...WORDS), { maxLength: 3 }).map((words) => words.join(' '));
  const anyRows = fc.array(anyText, { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      anyRows,
      fc.array(fc.constantFrom(...WORDS, '%', '_', '\\', "'"), { maxLength: 3 }),
      async (texts, words) => {
        await database.db('repositories').delete();
        const rows = texts.map((description, index) => ({ namespace: 'library', name: `repo-${index}`, description }));
        if (rows.length > 0) await database.db('repositories').insert(rows);
        const expected = rows
          .filter(({ name, description }) => words.every((word) => `${name} ${description}`.includes(word)))
          .map(({ name }) => name);
        const { total, hits } = await find(words.join(' '));
        expect(hits.map(({ name }) => name)).toEqual(expected);
        expect(total).toBe(expected.length);
      },
    ),
    { numRuns: 60 },
  );
});

it('pages cover everything once, in one order', async () => {
  await database.db('repositories').delete();
  const rows = Array.from({ length: 23 }, (_, index) => ({
    namespace: 'library',
    name: `repo-${index}`,
    star_count: index % 3,
  }));
  await database.db('repositories').insert(rows);
  const all = (await find('')).hits.map(({ name }) => name);
  expect(all).toHaveLength(23);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (pageSize) => {
      const paged: string[] = [];
      for (let page = 1; (page - 1) * pageSize < 23; page += 1) {
        const { total, hits } = await find('', page, pageSize);
        expect(total).toBe(23);
        paged.push(...hits.map(({ name }) => name));
      }
      expect(paged).toEqual(all);
    }),
    { numRuns: 15 },
  );
});

it('uses the index on many rows', async () => {
  await database.db('repositories').delete();
  await database.db.raw(`insert into repositories (namespace, name, description)
    select 'library', 'repo-' || i, md5(i::text) from generate_series(1, 20000) i`);
  await database.db.raw('vacuum analyze repositories');
  const plan = await query<{ 'QUERY PLAN': string }>(database.db, `explain ${searchStatement(1).text}`, [
    null,
    null,
    'repo-19999',
    25,
    0,
    '%repo-19999%',
  ]);
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('Bitmap Index Scan on repositories_search');
  expect((await find('repo-19999')).hits.map(({ name }) => name)).toEqual(['repo-19999']);
});
