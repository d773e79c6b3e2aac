import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import type { Context } from '../../../src/context';
import { deleteUserAccountWith } from '../../../src/features/namespaces/account-deletion';
import { deleteUserWithRepositories } from '../../../src/features/repositories/owner-deletion';
import { untilOneWaits } from '../../helpers/lock-waits';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

let database: TestDatabase;
let ctx: Context;
beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
});
afterAll(() => database.drop());

async function addAccount(username: string): Promise<void> {
  const [{ id }] = await database.db('users').insert({ username, password_hash: '*' }).returning('id');
  await database.db('namespaces').insert({ name: username, kind: 'user', owner_id: id });
}

it('locks the repositories by id before it deletes them, as all transactions do', async () => {
  await addAccount('alice');
  // The rows come in another order by name and in the table.
  const [first] = await database.db('repositories').insert({ namespace: 'alice', name: 'zoo' }).returning('id');
  await database.db('repositories').insert({ namespace: 'alice', name: 'app' });
  await database.db('repositories').where(first).update({ delete_nonce: 'x' });
  const { deleting } = await database.db.transaction(async (tx) => {
    await tx('repositories').where(first).forUpdate().select('id');
    const running = deleteUserWithRepositories(ctx, OPERATOR_ACTOR, 'alice');
    await untilOneWaits(database.db);
    await tx('repositories').where({ name: 'app' }).forUpdate().noWait().select('id');
    return { deleting: running };
  });
  expect(await deleting).toBe(2);
});

it('is not limited in time, because much may be deleted with an account', async () => {
  await addAccount('robert');
  const limit = await deleteUserAccountWith(ctx, OPERATOR_ACTOR, 'robert', async (tx) => {
    const { rows } = await tx.raw<{ rows: { statement_timeout: string }[] }>('show statement_timeout');
    return rows[0]?.statement_timeout;
  });
  expect(limit).toBe('0');
});
