import { setImmediate as turn } from 'node:timers/promises';
import { inTransaction } from '../../../src/platform/db/db';
import { queryShared } from '../../../src/platform/db/shared-query';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

/* Equal reads of the same moment are one query, and never an older one. */

interface Moment {
  at: string;
  told: string;
}

const MOMENT = { name: 'tests.moment', text: 'select clock_timestamp()::text as at, $1::text as told' };
const COUNT = { name: 'tests.count', text: 'select count(*)::int as count from counted' };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.raw('create table counted (id int)');
});
afterAll(() => database.drop());

const ask = async (told: string): Promise<Moment | undefined> =>
  (await queryShared<Moment>(database.db, MOMENT, [told]))[0];

it('equal queries of the same moment are one, others are not', async () => {
  const [one, same, other] = await Promise.all([ask('a'), ask('a'), ask('b')]);
  expect(same).toBe(one);
  expect(other?.told).toBe('b');
  expect(other?.at).not.toBe(one?.at);
  expect(() => Object.assign(one ?? {}, { told: 'changed' })).toThrow(TypeError);
});

it('who asks after a query has started gets another one', async () => {
  const first = ask('a');
  await turn();
  const [one, later] = await Promise.all([first, ask('a')]);
  expect(later?.at).not.toBe(one?.at);
});

it('everybody sees what was committed before they asked, however many ask', async () => {
  for (let rows = 1; rows <= 50; rows += 1) {
    const others = Promise.all([1, 2, 3].map(() => queryShared(database.db, COUNT, [])));
    await database.db.raw('insert into counted values (1)');
    const [row] = await queryShared<{ count: number }>(database.db, COUNT, []);
    expect(row?.count).toBe(rows);
    await others;
  }
});

it('a failure is that of all who share it, and the next query works', async () => {
  const broken = { name: 'tests.broken', text: 'select 1 / $1::int as n' };
  const asked = await Promise.allSettled([0, 0].map((n) => queryShared(database.db, broken, [n])));
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await queryShared(database.db, broken, [1])).toEqual([{ n: 1 }]);
});

it('a transaction sees what it has written itself', async () => {
  await inTransaction(database.db, async (tx) => {
    const before = queryShared<{ count: number }>(database.db, COUNT, []);
    await tx.raw('insert into counted values (1)');
    const [own] = await queryShared<{ count: number }>(tx, COUNT, []);
    expect((own?.count ?? 0) - ((await before)[0]?.count ?? 0)).toBe(1);
  });
});
