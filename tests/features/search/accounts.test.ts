import type { Context } from '../../../src/context';
import type { Actor } from '../../../src/features/access/actor';
import { searchAccounts, type AccountKind } from '../../../src/features/search/accounts';
import { accountsSql } from '../../../src/features/search/accounts.store';
import { query } from '../../../src/platform/db/query';
import { asking } from '../../helpers/actors';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

const ANYBODY: Actor = { kind: 'anonymous', address: '::1' };

let database: TestDatabase;
let ctx: Context;

async function addUser(username: string, fullName = '', isActive = true): Promise<void> {
  const user = { username, password_hash: 'x', is_active: isActive };
  const [row] = await database.db('users').insert(user).returning('id');
  const owner = (row as { id: number }).id;
  await database.db('namespaces').insert({ name: username, kind: 'user', owner_id: owner, full_name: fullName });
}

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
  await addUser('alice', 'Alice Élan');
  await addUser('malice', '');
  await addUser('al', 'Albert 100% Sure');
  await addUser('bobby', 'Robert of Alicetown');
  await addUser('alicia_gone', 'Alice', false);
  await database.db('namespaces').insert({ name: 'alice_inc', kind: 'organization', full_name: 'Alice & Sons' });
  await database.db('namespaces').insert({ name: 'alice_mirror', kind: 'remote' });
  const robot = { username: 'alice_inc+alice', password_hash: 'x', robot_of: 'alice_inc' };
  await database.db('users').insert(robot);
});
afterAll(() => database.drop());

const find = async (term: string, kind?: AccountKind, page = 1, pageSize = 10) => {
  const found = await searchAccounts(ctx, asking(ANYBODY), { term, kind, page, pageSize });
  return { ...found, accounts: found.accounts.map(({ name }) => name) };
};

describe('the search for accounts', () => {
  it('finds names and full names by any part, the name itself first, but no robots and nobody deactivated', async () => {
    expect(await find('ALICE')).toEqual({
      users: 3,
      organizations: 1,
      accounts: ['alice', 'alice_inc', 'bobby', 'malice'],
    });
    expect(await find('alice', 'user', 2, 2)).toEqual({ users: 3, organizations: 1, accounts: ['malice'] });
    expect(await find('alice', 'organization')).toMatchObject({ accounts: ['alice_inc'] });
    expect(await find('alice', undefined, 1, 0)).toEqual({ users: 3, organizations: 1, accounts: [] });
    expect((await find('sons ALICE')).accounts).toEqual(['alice_inc']);
    expect((await find('Élan')).accounts).toEqual(['alice']);
  });

  it('finds a word of one or two letters only where a name begins', async () => {
    expect((await find('al')).accounts).toEqual(['al', 'alice', 'alice_inc', 'bobby']);
    expect((await find('b')).accounts).toEqual(['bobby']);
  });

  it('takes signs as they are, and finds nothing for an empty or endless term', async () => {
    expect((await find('100%')).accounts).toEqual(['al']);
    expect((await find('_')).accounts).toEqual([]);
    expect((await find('%ice')).accounts).toEqual([]);
    for (const term of ['', '  ', 'x'.repeat(2000)]) expect((await find(term)).accounts).toEqual([]);
  });

  it.each([
    ['ali', ['%ali%', '%ali%']],
    ['al', ['al%', '% al%']],
  ])('finds %s by its index', async (_word, patterns) => {
    await database.db.transaction(async (tx) => {
      await tx.raw('set local enable_seqscan = off; set local enable_indexscan = off');
      const values = [null, 'x', 'x%', 10, 0, ...patterns];
      const plan = await query<{ 'QUERY PLAN': string }>(tx, `explain ${accountsSql(1)}`, values);
      expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toContain('namespaces_search');
    });
  });
});
