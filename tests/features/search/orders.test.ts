import type { Context } from '../../../src/context';
import type { Actor } from '../../../src/features/access/actor';
import type { CardPage } from '../../../src/features/search/cards';
import { explore, featured, searchCards } from '../../../src/features/search/explore';
import { LOOKED_AT } from '../../../src/features/search/search.store';
import { query } from '../../../src/platform/db/query';
import { asking } from '../../helpers/actors';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

const ANYBODY: Actor = { kind: 'anonymous', address: '::1' };
const COUNT = LOOKED_AT * 2;
const PAGE = 190;

let database: TestDatabase;
let ctx: Context;

/** The first quarter has no counts of pulls yet; a few are official, every fifth is private. */
beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
  await database.db('namespaces').insert({ name: 'others', kind: 'organization' });
  await database.db.raw(
    `insert into repositories (namespace, name, state, star_count, visibility, description, created_at, updated_at)
     select case i % 100 when 0 then 'library' else 'others' end, 'repo-' || i, 'active', i % 7,
       case i % 5 when 1 then 'private' else 'public' end,
       case i % 3 when 0 then 'often' else '' end || case i % 90 when 0 then ' seldom' else '' end,
       timestamptz '2016-01-01' + i % 11 * interval '1 day', timestamptz '2016-01-01' + i % 13 * interval '1 day'
     from generate_series(1, ?) i order by i`,
    [COUNT],
  );
  await database.db.raw(
    'insert into repository_totals (repository_id, pulls, pushes) select id, id % 17, 1 from repositories where id > ?',
    [COUNT / 4],
  );
  await database.db.raw('vacuum analyze repositories, repository_totals');
});
afterAll(() => database.drop());

const namesOf = ({ repositories }: CardPage) => repositories.map(({ namespace, name }) => `${namespace}/${name}`);

/** Computed without Postgres: official ones first, then by this number, then by a unique field. */
async function expectedNames(sort: 'pulls' | 'stars' | 'newest' | 'updated', word = ''): Promise<string[]> {
  const rows = await query<{ id: number; namespace: string; name: string; amount: number }>(
    database.db,
    `select r.id, r.namespace, r.name, case '${sort}' when 'pulls' then coalesce(p.pulls, -1) when 'stars' then star_count
       else extract(epoch from case '${sort}' when 'newest' then created_at else updated_at end)::bigint end as amount
     from repositories r left join repository_totals p on p.repository_id = r.id
     where visibility = 'public' and description like $1`,
    [`%${word}%`],
  );
  const all = rows.map((row) => ({
    ...row,
    full: `${row.namespace}/${row.name}`,
    isOfficial: row.namespace === 'library',
  }));
  all.sort((a, b) => {
    const first = Number(b.isOfficial) - Number(a.isOfficial) || b.amount - a.amount;
    if (first !== 0) return first;
    if (sort === 'stars') return a.full < b.full ? -1 : 1;
    return sort === 'pulls' ? a.id - b.id : b.id - a.id;
  });
  return all.map(({ full }) => full);
}

/** All pages one after the other; each has the same total. */
async function pagesOf(total: number, page: (number: number) => Promise<CardPage>): Promise<string[]> {
  const names: string[] = [];
  for (let number = 1; number <= Math.ceil(total / PAGE); number += 1) {
    const found = await page(number);
    expect([number, found.total]).toEqual([number, total]);
    names.push(...namesOf(found));
  }
  return names;
}

it.each(['pulls', 'stars', 'newest'] as const)(
  'pages of all repositories by %s have each one once, in one order',
  async (sort) => {
    const expected = await expectedNames(sort);
    const range = (number: number) => ({ sort, limit: PAGE, offset: (number - 1) * PAGE });
    expect(await pagesOf(expected.length, (number) => explore(ctx, range(number)))).toEqual(expected);
  },
);

it.each([
  ['pulls', 'often'],
  ['stars', 'often'],
  ['updated', 'often'],
  ['pulls', 'seldom'],
  ['updated', 'seldom'],
  ['pulls', ''],
] as const)('pages of a search by %s for %j have each hit once, in one order', async (sort, term) => {
  const expected = await expectedNames(sort, term);
  const wanted = (page: number) => ({ term, sort, page, pageSize: PAGE });
  expect(await pagesOf(expected.length, (page) => searchCards(ctx, asking(ANYBODY), wanted(page)))).toEqual(expected);
});

it('the first page has the most pulled ones of either kind', async () => {
  const expected = await expectedNames('pulls');
  const { official, popular } = await featured(ctx, 6);
  expect(namesOf({ total: 0, repositories: official })).toEqual(expected.slice(0, 6));
  expect(namesOf({ total: 0, repositories: popular })).toEqual(
    expected.filter((name) => !name.startsWith('library/')).slice(0, 6),
  );
});
