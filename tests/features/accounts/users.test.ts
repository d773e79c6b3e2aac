import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { ensureAdministrator } from '../../../src/features/accounts/first-administrator';
import { verifyCredentials } from '../../../src/features/accounts/credentials';
import { getAccount } from '../../../src/features/access/current-account';
import {
  createUser,
  findUser,
  getUser,
  listUsers,
  updateUser,
  type NewUser,
} from '../../../src/features/accounts/users';
import { deleteUserAccount } from '../../../src/features/namespaces/account-deletion';
import { setStatus } from '../../../src/features/namespaces/account-status';
import type { Context } from '../../../src/context';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

let database: TestDatabase;
let ctx: Context;
beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
});
afterEach(() => database.drop());

const user = (username: string, changes: Partial<NewUser> = {}): NewUser => ({
  username,
  password: 'secret',
  email: `${username}@example.com`,
  isActive: true,
  isAdmin: false,
  isEmailVerified: true,
  ...changes,
});

describe('createUser', () => {
  it('creates an account that can be found in any case of its name', async () => {
    await createUser(ctx, OPERATOR_ACTOR, user('alice'));
    expect(await getUser(ctx, 'ALICE')).toMatchObject({
      username: 'alice',
      email: 'alice@example.com',
      isActive: true,
      isAdmin: false,
    });
  });

  it('does not need an address', async () => {
    await createUser(ctx, OPERATOR_ACTOR, user('alice', { email: undefined }));
    expect((await getUser(ctx, 'alice')).email).toBeUndefined();
  });

  it('leaves nothing behind when the address is taken', async () => {
    await createUser(ctx, OPERATOR_ACTOR, user('alice'));
    const robert = user('robert', { email: 'ALICE@example.com' });
    await expect(createUser(ctx, OPERATOR_ACTOR, robert)).rejects.toMatchObject({ code: 'conflict' });
    expect(await findUser(ctx, 'robert')).toBeUndefined();
    await createUser(ctx, OPERATOR_ACTOR, user('robert'));
  });

  it('does not take the name of a namespace', async () => {
    await expect(createUser(ctx, OPERATOR_ACTOR, user('library'))).rejects.toMatchObject({ code: 'conflict' });
    await database.db('namespaces').insert({ name: 'some_org', kind: 'organization' });
    await expect(createUser(ctx, OPERATOR_ACTOR, user('some_org'))).rejects.toMatchObject({ code: 'conflict' });
  });

  it.each([{ username: 'al+' }, { password: '1234' }, { password: 'x'.repeat(4097) }, { email: 'nobody' }])(
    'refuses %j',
    async (changes) => {
      await expect(createUser(ctx, OPERATOR_ACTOR, user('alice', changes))).rejects.toMatchObject({ code: 'invalid' });
      expect(await listUsers(ctx, OPERATOR_ACTOR)).toEqual([]);
    },
  );
});

describe('listUsers', () => {
  it('is sorted by name', async () => {
    for (const name of ['robert', 'alice', 'carol']) await createUser(ctx, OPERATOR_ACTOR, user(name));
    expect((await listUsers(ctx, OPERATOR_ACTOR)).map(({ username }) => username)).toEqual([
      'alice',
      'carol',
      'robert',
    ]);
  });
});

describe('changes', () => {
  it('a new password raises the epoch, so that an identity from before has ended', async () => {
    await createUser(ctx, OPERATOR_ACTOR, user('alice'));
    const before = await verifyCredentials(ctx, 'alice', 'secret', '::1');
    await updateUser(ctx, OPERATOR_ACTOR, 'alice', { password: 'another' });
    const after = await verifyCredentials(ctx, 'alice', 'another', '::1');
    expect(after).toEqual({ userId: before!.userId, credentialsEpoch: before!.credentialsEpoch + 1 });
    const actor = (identity = before!) => ({
      kind: 'user' as const,
      proof: 'password' as const,
      address: '::1',
      identity,
    });
    await expect(getAccount(ctx, actor())).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await getAccount(ctx, actor(after))).toMatchObject({ username: 'alice', isAdmin: false });
  });

  it('activity and administration take effect at once', async () => {
    await createUser(ctx, OPERATOR_ACTOR, user('alice'));
    await createUser(ctx, OPERATOR_ACTOR, { ...user('root'), email: undefined, isAdmin: true });
    const identity = await verifyCredentials(ctx, 'alice', 'secret', '::1');
    const actor = { kind: 'user' as const, proof: 'password' as const, address: '::1', identity: identity! };
    await setStatus(ctx, OPERATOR_ACTOR, 'Alice', { isAdmin: true });
    expect((await getAccount(ctx, actor)).isAdmin).toBe(true);
    await setStatus(ctx, OPERATOR_ACTOR, 'Alice', { isActive: false });
    await expect(getAccount(ctx, actor)).rejects.toMatchObject({ code: 'inactive' });
    await setStatus(ctx, OPERATOR_ACTOR, 'alice', { isActive: true });
    await expect(getAccount(ctx, actor)).rejects.toMatchObject({ code: 'unauthenticated' });
    const again = { ...actor, identity: (await verifyCredentials(ctx, 'alice', 'secret', '::1'))! };
    await setStatus(ctx, OPERATOR_ACTOR, 'alice', { isAdmin: false });
    expect((await getAccount(ctx, again)).isAdmin).toBe(false);
  });

  it('of a user that does not exist are refused', async () => {
    for (const change of [
      () => setStatus(ctx, OPERATOR_ACTOR, 'nobody', { isActive: true }),
      () => setStatus(ctx, OPERATOR_ACTOR, 'nobody', { isAdmin: true }),
      () => updateUser(ctx, OPERATOR_ACTOR, 'nobody', { password: 'another' }),
      () => deleteUserAccount(ctx, OPERATOR_ACTOR, 'nobody'),
      () => getUser(ctx, 'nobody'),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  it('are not possible for an anonymous actor, who has no account', async () => {
    await expect(getAccount(ctx, { kind: 'anonymous', address: '::1' })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });
});

describe('deleteUser', () => {
  it('frees the name and the address', async () => {
    await createUser(ctx, OPERATOR_ACTOR, user('alice'));
    await deleteUserAccount(ctx, OPERATOR_ACTOR, 'alice');
    expect(await findUser(ctx, 'alice')).toBeUndefined();
    await createUser(ctx, OPERATOR_ACTOR, user('alice'));
  });

  it('is refused while there are repositories, and then changes nothing', async () => {
    await createUser(ctx, OPERATOR_ACTOR, user('alice'));
    await database.db('repositories').insert({ namespace: 'alice', name: 'app' });
    await expect(deleteUserAccount(ctx, OPERATOR_ACTOR, 'alice')).rejects.toMatchObject({ code: 'conflict' });
    expect(await verifyCredentials(ctx, 'alice', 'secret', '::1')).toBeDefined();
  });
});

describe('ensureAdministrator', () => {
  it('generates a password once, and only once', async () => {
    const made = await ensureAdministrator(ctx, undefined);
    expect(made?.username).toBe('admin');
    expect(await verifyCredentials(ctx, 'admin', made!.password, '::1')).toBeDefined();
    expect((await getUser(ctx, 'admin')).isAdmin).toBe(true);
    expect(await ensureAdministrator(ctx, undefined)).toBeUndefined();
  });

  it('uses the configured password, and then does not return it', async () => {
    const wanted = { username: 'root', password: 'secret', email: 'root@example.com' };
    expect(await ensureAdministrator(ctx, wanted)).toBeUndefined();
    expect(await verifyCredentials(ctx, 'root', 'secret', '::1')).toBeDefined();
  });

  it('creates one administrator when two processes call it at once', async () => {
    const both = await Promise.all([ensureAdministrator(ctx, undefined), ensureAdministrator(ctx, undefined)]);
    expect(both.filter((made) => made !== undefined)).toHaveLength(1);
    expect(await listUsers(ctx, OPERATOR_ACTOR)).toHaveLength(1);
  });

  it('does not promote an existing user who has the name', async () => {
    await createUser(ctx, OPERATOR_ACTOR, user('admin'));
    await expect(ensureAdministrator(ctx, undefined)).rejects.toMatchObject({ code: 'conflict' });
    expect((await getUser(ctx, 'admin')).isAdmin).toBe(false);
  });
});
