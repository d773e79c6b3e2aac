import fc from 'fast-check';
import { networkOf } from '../../../src/features/accounts/login-limits';
import type { Actor } from '../../../src/features/access/actor';
import { searchRepositories } from '../../../src/features/search/search';
import { allSql, firstStatement, LOOKED_AT } from '../../../src/features/search/search.store';
import { query } from '../../../src/platform/db/query';
import { asking } from '../../helpers/actors';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

const ANYBODY: Actor = { kind: 'anonymous', address: '::1' };
const WORDS = ['red', 'redis', 'a%b', 'a_b', String.raw`c\d`, 'é', 'tool'];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Searches in a new process each time, which has no cached counts. */
const find = (term: string, page = 1, pageSize = 100) =>
  searchRepositories(createTestContext(database.db), asking(ANYBODY), { term, page, pageSize });

it('finds exactly the repositories that have every word in their name or description', async () => {
  const anyText = fc.array(fc.constantFrom(...WORDS), { maxLength: 3 }).map((words) => words.join(' '));
  const anyRows = fc.array(anyText, { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      anyRows,
      fc.array(fc.constantFrom(...WORDS, '%', '_', '\\', "'"), { maxLength: 3 }),
      async (texts, words) => {
        await database.db('repositories').delete();
        const rows = texts.map((description, index) => ({
          namespace: 'library',
          name: `repo-${index}`,
          state: 'active',
          description,
        }));
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

it('pages have each repository once, in one order', async () => {
  await database.db('repositories').delete();
  const rows = Array.from({ length: 23 }, (_, index) => ({
    namespace: 'library',
    name: `repo-${index}`,
    state: 'active',
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

it('the repository whose name is the term comes first for every size of page, and the rest keeps its order', async () => {
  await database.db('repositories').delete();
  await database.db('namespaces').insert({ name: 'alice', kind: 'organization' });
  const rows = Array.from({ length: 40 }, (_, index) => ({
    namespace: index % 2 === 0 ? 'alice' : 'library',
    name: index < 2 ? 'ubuntu' : `ubuntu-${index}`,
    state: 'active',
    star_count: index < 2 ? 0 : index % 5,
  }));
  await database.db('repositories').insert(rows);
  const full = ({ namespace, name }: (typeof rows)[number]) =>
    namespace === 'library' ? name : `${namespace}/${name}`;
  const byStars = rows
    .map((row) => ({ stars: row.star_count, name: full(row) }))
    .sort((a, b) => b.stars - a.stars || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
  const terms = {
    ubuntu: 'ubuntu',
    'library/ubuntu': 'ubuntu',
    'alice/ubuntu': 'alice/ubuntu',
    'ALICE/ubuntu-4': 'alice/ubuntu-4',
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(terms)),
      fc.integer({ min: 1, max: 45 }),
      fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 3 }),
      async (term, pageSize, pages) => {
        const first = terms[term as keyof typeof terms];
        const word = term.toLowerCase().replace('library/', '');
        const expected = [first, ...byStars.filter((name) => name !== first && name.includes(word))];
        for (const page of [1, ...pages.map((number) => number + 1)]) {
          const { total, hits } = await find(term, page, pageSize);
          const slice = expected.slice((page - 1) * pageSize, page * pageSize);
          expect([total, hits.map(({ name }) => name)]).toEqual([expected.length, slice]);
        }
      },
    ),
    { numRuns: 30 },
  );
  await database.db('repositories').delete();
  await database.db('namespaces').where({ name: 'alice' }).delete();
});

describe('among many repositories', () => {
  const COUNT = LOOKED_AT * 3;

  beforeAll(async () => {
    await database.db('repositories').delete();
    await database.db('namespaces').insert({ name: 'others', kind: 'organization' });
    await database.db.raw(
      `insert into repositories (namespace, name, state, star_count, visibility, description)
       select case i % 2 when 0 then 'library' else 'others' end, 'repo-' || i, 'active', i % 7, case i % 5 when 0 then 'private' else 'public' end,
         case i % 3 when 0 then 'often' else '' end || case i % 100 when 1 then ' seldom' else '' end
       from generate_series(1, ?) i`,
      [COUNT],
    );
    await database.db.raw('vacuum analyze repositories');
  });

  /** The expected names, computed without Postgres. */
  async function expectedNames(word: string): Promise<string[]> {
    const rows = await query<{ namespace: string; name: string; star_count: number; description: string }>(
      database.db,
      `select namespace, name, star_count, description from repositories where visibility <> 'private'`,
    );
    const hits = rows
      .map((row) => ({ ...row, shown: row.namespace === 'library' ? row.name : `${row.namespace}/${row.name}` }))
      .filter(({ shown, description }) => `${shown} ${description}`.includes(word.replace('library/', '')))
      .map(({ shown, star_count: stars }) => ({
        shown,
        place: shown === word.replace('library/', '') ? Infinity : stars,
      }));
    return hits.sort((a, b) => b.place - a.place || (a.shown < b.shown ? -1 : 1)).map(({ shown }) => shown);
  }

  it.each([
    'often',
    'seldom',
    'repo-1',
    'repo-2',
    'repo-999',
    'others/repo-9',
    'library/repo-2',
    '',
    'o',
    'r-',
    'nowhere',
  ])('%j: all pages together are all hits in their order', async (word) => {
    const expected = await expectedNames(word);
    const pageSize = 97;
    const found: string[] = [];
    for (let page = 1; page <= Math.max(1, Math.ceil(expected.length / pageSize)); page += 1) {
      const { total, hits } = await find(word, page, pageSize);
      expect([page, total]).toEqual([page, expected.length]);
      found.push(...hits.map(({ name }) => name));
    }
    expect(found).toEqual(expected);
    const behind = await find(word, COUNT, pageSize);
    expect([behind.total, behind.hits]).toEqual([expected.length, []]);
  });

  /** The plan of Postgres for a statement; a generic plan is for any values. */
  async function planOf(sql: string, values: string, plans: 'custom' | 'generic'): Promise<string> {
    return database.db.transaction(async (tx) => {
      await query(tx, `set local plan_cache_mode = force_${plans}_plan`);
      await query(tx, `prepare asked as ${sql}`);
      const options = 'analyze, costs off, timing off, summary off, buffers off';
      const rows = await query<{ 'QUERY PLAN': string }>(tx, `explain (${options}) execute asked (${values})`);
      await query(tx, 'deallocate asked');
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
  }

  it('a rare word is looked up in the trigram index', async () => {
    const plan = await planOf(allSql(1), `null, null, null, 'library', 'repo-2999', 25, 0, '%repo-2999%'`, 'custom');
    expect(plan).toContain('Bitmap Index Scan on repositories_search');
  });

  it('a common word is found by walking along the order of the results, whatever the word', async () => {
    const plan = await planOf(
      firstStatement(1).text,
      `null, null, null, 'library', 'often', 10, 0, '%often%'`,
      'generic',
    );
    const walked = /Index Scan using repositories_rank on repositories r\w* \(actual rows=(\d+)/.exec(plan);
    // One of three has the word, and four of five of those are public.
    expect([plan, Number(walked?.[1]) < 100]).toEqual([plan, true]);
  });
});

it('a word that is longer than any name and description finds nothing, without a query', async () => {
  const ctx = createTestContext(database.db);
  const run = jest.spyOn(ctx.searches, 'run');
  for (const term of ['x'.repeat(1001), `debian ${'y'.repeat(16_000)}`]) {
    const found = await searchRepositories(ctx, asking(ANYBODY), { term, page: 1, pageSize: 10 });
    expect(found).toEqual({ total: 0, hits: [] });
  }
  expect(run).not.toHaveBeenCalled();
});

it('a search waits while its network has three running, and ends when its client is gone', async () => {
  const ctx = createTestContext(database.db);
  const ends: (() => void)[] = [];
  const { signal } = new AbortController();
  const running = Array.from({ length: 3 }, () =>
    ctx.searches.run(networkOf(ANYBODY.address), signal, () => new Promise<void>((resolve) => ends.push(resolve))),
  );
  const gone = new AbortController();
  const asked = searchRepositories(
    ctx,
    { actor: ANYBODY, signal: gone.signal },
    { term: 'debian', page: 1, pageSize: 10 },
  );
  expect(ctx.searches.load).toEqual({ running: 3, waiting: 1 });
  gone.abort(new Error('gone'));
  await expect(asked).rejects.toThrow('gone');
  expect(ctx.searches.load).toEqual({ running: 3, waiting: 0 });
  for (const end of ends) end();
  await Promise.all(running);
});

it('a word that only a few repositories have is looked up by the index at once the next time, and nothing is missed', async () => {
  await database.db('repositories').delete();
  const named = (name: string) => ({ namespace: 'library', name, state: 'active' });
  await database
    .db('repositories')
    .insert([named('quibbly'), ...Array.from({ length: 30 }, (_, n) => named(`tool-${n}`))]);
  const ctx = createTestContext(database.db);
  const search = async (term: string) => {
    const { hits } = await searchRepositories(ctx, asking(ANYBODY), { term, page: 1, pageSize: 25 });
    return hits.map(({ name }) => name);
  };
  expect(await search('tool')).toHaveLength(25);
  expect(ctx.rareSearches.size).toBe(0);
  expect(await search('quibbly')).toEqual(['quibbly']);
  expect([...ctx.rareSearches.values()]).toEqual([1]);
  await database.db('repositories').insert([named('more-quibbly'), named('quibbly-2')]);
  expect(await search('quibbly')).toEqual(['quibbly', 'more-quibbly', 'quibbly-2']);
});
