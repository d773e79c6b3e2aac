import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { createUser, getUser } from '../../../src/features/accounts/users';
import { allowDeletion, finishDeletions, getIndexDeletable } from '../../../src/features/repositories/deletion';
import { createLogger } from '../../../src/platform/log/logger';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';
import { deleteThroughIndex, deleteThroughRegistry } from '../../helpers/by-name';

const NAME = { namespace: 'alice', name: 'app' };

let database: TestDatabase;
let owner: Extract<Actor, { kind: 'user' }>;
beforeAll(async () => {
  database = await createTestDatabase();
  const ctx = createTestContext(database.db);
  const user = { username: 'alice', password: 'secret', email: undefined };
  await createUser(ctx, OPERATOR_ACTOR, { ...user, isActive: true, isAdmin: false, isEmailVerified: true });
  const { id } = await getUser({ db: database.db }, 'alice');
  owner = { kind: 'user', proof: 'password', address: '::1', identity: { userId: id, credentialsEpoch: 0 } };
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.db('repositories').delete();
  await database.db('repositories').insert({ ...NAME, state: 'active' });
});

async function state(): Promise<string | undefined> {
  return (await database.db('repositories').first('state'))?.state;
}

function withToken(nonce: string): Actor {
  return { kind: 'token', address: '::1', identity: owner.identity, repository: NAME, access: 'delete', nonce };
}

it('active -> deleting -> gone', async () => {
  const ctx = { db: database.db };
  expect(await deleteThroughIndex(ctx, owner, NAME)).toBe(false);
  expect(await state()).toBe('deleting');
  expect(await deleteThroughIndex(ctx, owner, NAME)).toBe(true);
  expect(await state()).toBeUndefined();
  await expect(deleteThroughIndex(ctx, owner, NAME)).rejects.toMatchObject({ code: 'not_found' });
});

it("the registry's step empties the repository and leaves its record", async () => {
  const ctx = { db: database.db };
  const [{ id }] = await database.db('repositories').select('id');
  await database.db('repository_images').insert({ repository_id: id, image_id: '0'.repeat(64) });
  await database.db('tags').insert({ repository_id: id, name: 'latest', image_id: '0'.repeat(64) });
  await deleteThroughIndex(ctx, owner, NAME);
  await allowDeletion(ctx, await getIndexDeletable(ctx, owner, NAME), 'aa');
  await deleteThroughRegistry(ctx, withToken('aa'), NAME);
  expect(await database.db('repository_images')).toEqual([]);
  expect(await database.db('tags')).toEqual([]);
  expect(await state()).toBe('deleting');
});

it('a nonce is good once, and a newer one replaces it', async () => {
  const ctx = { db: database.db };
  await deleteThroughIndex(ctx, owner, NAME);
  const repository = await getIndexDeletable(ctx, owner, NAME);
  await allowDeletion(ctx, repository, 'aa');
  await allowDeletion(ctx, repository, 'bb');
  await expect(deleteThroughRegistry(ctx, withToken('aa'), NAME)).rejects.toMatchObject({ code: 'not_found' });
  await deleteThroughRegistry(ctx, withToken('bb'), NAME);
  await expect(deleteThroughRegistry(ctx, withToken('bb'), NAME)).rejects.toMatchObject({ code: 'not_found' });
});

it('finishDeletions only deletes repositories whose deletion began before', async () => {
  const ctx = { db: database.db, log: createLogger('fatal') };
  await database.db('repositories').insert({ namespace: 'alice', name: 'kept', state: 'active' });
  await deleteThroughIndex(ctx, owner, NAME);
  await finishDeletions(ctx, 60_000);
  expect(await state()).toBeDefined();
  await finishDeletions(ctx, 0);
  expect(await database.db('repositories').select('name')).toEqual([{ name: 'kept' }]);
});
