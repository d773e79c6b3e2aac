import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import type { Context } from '../../../src/context';
import { createAccountToken } from '../../../src/features/accounts/own-access-tokens';
import { removeEmail } from '../../../src/features/accounts/emails';
import { deleteUserAccount } from '../../../src/features/namespaces/account-deletion';
import { setStatus } from '../../../src/features/namespaces/account-status';
import { convertUser, createOrganization } from '../../../src/features/namespaces/organizations';
import { addMember, removeMember } from '../../../src/features/namespaces/team-members';
import { createRepository } from '../../../src/features/repositories/creation';
import { deleteUserWithRepositories } from '../../../src/features/repositories/owner-deletion';
import { setVisibility } from '../../helpers/by-name';
import { AppError } from '../../../src/platform/errors';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

/*
 * Rules about the last one of something, and about how many there may be, while several requests at once would each
 * break them. Accounts are inserted as rows, because hashing passwords would take most of the time.
 */

const ROUNDS = 100;

let database: TestDatabase;
let ctx: Context;
beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.db.raw(`delete from namespaces where kind in ('user', 'organization')`);
  await database.db.raw('delete from users');
});

async function addRow(username: string, facts: { isAdmin?: boolean; isActive?: boolean } = {}): Promise<number> {
  const { rows } = await database.db.raw<{ rows: { id: number }[] }>(
    `with made as (insert into users (username, password_hash, is_admin, is_active) values (?, '*', ?, ?) returning id)
     , place as (insert into namespaces (name, kind, owner_id) select ?, 'user', id from made)
     select id from made`,
    [username, facts.isAdmin ?? false, facts.isActive ?? true, username],
  );
  return rows[0]!.id;
}

async function addOrganization(name: string, ...owners: string[]): Promise<void> {
  const team = `with made as (insert into namespaces (name, kind) values (?, 'organization') returning name)
    insert into teams (namespace, name, is_owners) select name, 'owners', true from made returning id`;
  const { rows } = await database.db.raw<{ rows: { id: number }[] }>(team, [name]);
  const member = 'insert into team_members (team_id, user_id) select ?, id from users where username = any (?)';
  await database.db.raw(member, [rows[0]!.id, owners]);
}

async function count(text: string): Promise<number> {
  const { rows } = await database.db.raw<{ rows: { count: number }[] }>(`select count(*) as count ${text}`);
  return rows[0]!.count;
}

const ACTIVE_OWNERS = `from team_members m join teams t on t.id = m.team_id join users u on u.id = m.user_id
  where t.is_owners and u.is_active and u.robot_of is null`;
const ORPHANS = `from namespaces n where n.kind = 'organization' and not exists (select 1 ${ACTIVE_OWNERS} and t.namespace = n.name)`;

/** The error codes of the failed calls; any error other than a refusal fails the test. */
async function codesOf(...work: Promise<unknown>[]): Promise<string[]> {
  const results = await Promise.allSettled(work);
  const failed = results.filter((result) => result.status === 'rejected');
  return failed.map(({ reason }) => {
    if (!(reason instanceof AppError)) throw reason;
    return reason.code;
  });
}

const ownersOf = (organization: string) => ({ organization, team: 'owners' });

describe('an organization is never without an active owner (R12)', () => {
  const ENDINGS: [string, (organization: string, username: string) => Promise<unknown>][] = [
    ['is deleted', (_, username) => deleteUserAccount(ctx, OPERATOR_ACTOR, username)],
    ['is deleted with repositories', (_, username) => deleteUserWithRepositories(ctx, OPERATOR_ACTOR, username)],
    ['leaves', (organization, username) => removeMember(ctx, OPERATOR_ACTOR, ownersOf(organization), username)],
    ['is deactivated', (_, username) => setStatus(ctx, OPERATOR_ACTOR, username, { isActive: false })],
    ['becomes an organization', (_, username) => convertUser(ctx, OPERATOR_ACTOR, username, 'bystander')],
  ];
  const PAIRS = ENDINGS.flatMap(([first, endFirst], index) =>
    ENDINGS.slice(index).map(([second, endSecond]) => ({ first, endFirst, second, endSecond })),
  );

  it.each(PAIRS)('one owner $first while the other $second', async ({ endFirst, endSecond }) => {
    await addRow('bystander');
    const play = async (round: number): Promise<string[]> => {
      const [one, other, organization] = [`one${round}x`, `other${round}`, `acme${round}`];
      await addRow(one);
      await addRow(other);
      await addOrganization(organization, one, other);
      return codesOf(endFirst(organization, one), endSecond(organization, other));
    };
    for (let round = 0; round < ROUNDS; round += 5) {
      const codes = await Promise.all(Array.from({ length: 5 }, (_, index) => play(round + index)));
      expect(codes).toEqual(Array.from({ length: 5 }, () => ['conflict']));
    }
    expect(await count(ORPHANS)).toBe(0);
  });

  it('an account becomes an owner while the only other one leaves and the account is deactivated', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [one, other, organization] = [`one${round}x`, `other${round}`, `acme${round}`];
      await addRow(one);
      await addRow(other);
      await addOrganization(organization, one);
      await codesOf(
        addMember(ctx, OPERATOR_ACTOR, ownersOf(organization), other),
        removeMember(ctx, OPERATOR_ACTOR, ownersOf(organization), one),
        setStatus(ctx, OPERATOR_ACTOR, other, { isActive: false }),
      );
    }
    expect(await count(ORPHANS)).toBe(0);
  });

  it('an account founds an organization while it is deactivated or deleted', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const username = `one${round}x`;
      await addRow(username);
      const found = createOrganization(ctx, OPERATOR_ACTOR, `acme${round}`, { owner: username });
      await codesOf(
        found,
        round % 2 === 0
          ? setStatus(ctx, OPERATOR_ACTOR, username, { isActive: false })
          : deleteUserAccount(ctx, OPERATOR_ACTOR, username),
      );
    }
    expect(await count(ORPHANS)).toBe(0);
  });

  it('and without a race the refusal says what to do', async () => {
    await addRow('alice');
    await addRow('sleeper', { isActive: false });
    await addRow('bystander');
    await addOrganization('acme', 'alice', 'sleeper');
    const refused = {
      code: 'conflict',
      message: 'alice is the only active owner of acme. Give it another owner first',
    };
    await expect(setStatus(ctx, OPERATOR_ACTOR, 'alice', { isActive: false })).rejects.toMatchObject(refused);
    await expect(deleteUserAccount(ctx, OPERATOR_ACTOR, 'alice')).rejects.toMatchObject(refused);
    await expect(convertUser(ctx, OPERATOR_ACTOR, 'alice', 'bystander')).rejects.toMatchObject(refused);
    await expect(removeMember(ctx, OPERATOR_ACTOR, ownersOf('acme'), 'alice')).rejects.toMatchObject({
      message: 'The last owner cannot leave: add another active owner first',
    });
    await removeMember(ctx, OPERATOR_ACTOR, ownersOf('acme'), 'sleeper');
  });

  it('is not given to a robot, or to an account that is not active', async () => {
    await addRow('alice');
    await addRow('bobby');
    await addRow('sleeper', { isActive: false });
    await addOrganization('acme', 'bobby');
    await database.db('users').insert({ username: 'acme+ci', password_hash: '*', robot_of: 'acme' });
    const convert = (owner: string) => convertUser(ctx, OPERATOR_ACTOR, 'alice', owner);
    await expect(convert('acme+ci')).rejects.toMatchObject({
      code: 'conflict',
      message: 'acme+ci is a robot and cannot own an organization',
    });
    await expect(convert('sleeper')).rejects.toMatchObject({
      code: 'conflict',
      message: 'sleeper is not active and cannot own an organization',
    });
    await expect(convertUser(ctx, OPERATOR_ACTOR, 'acme+ci', 'bobby')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the site is never without an active administrator (R210)', () => {
  const isAdmin = true;
  const ENDINGS: [string, (username: string) => Promise<unknown>][] = [
    ['deleted', (username) => deleteUserAccount(ctx, OPERATOR_ACTOR, username)],
    ['demoted', (username) => setStatus(ctx, OPERATOR_ACTOR, username, { isAdmin: false })],
    ['deactivated', (username) => setStatus(ctx, OPERATOR_ACTOR, username, { isActive: false })],
  ];
  const PAIRS = ENDINGS.flatMap(([first, endFirst], index) =>
    ENDINGS.slice(index).map(([second, endSecond]) => ({ first, endFirst, second, endSecond })),
  );

  it.each(PAIRS)('one is $first while the other is $second', async ({ endFirst, endSecond }) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await addRow('root', { isAdmin });
      await addRow('admin', { isAdmin });
      await addRow('sleeper', { isAdmin, isActive: false });
      expect(await codesOf(endFirst('root'), endSecond('admin'))).toEqual(['conflict']);
      expect(await count('from users where is_admin and is_active')).toBe(1);
      await database.db.raw(`delete from namespaces where kind = 'user'`);
      await database.db.raw('delete from users');
    }
  });

  it('and without a race the refusal says what to do, even if there is another one who is not active', async () => {
    await addRow('root', { isAdmin });
    await addRow('sleeper', { isAdmin, isActive: false });
    for (const [, end] of ENDINGS) {
      await expect(end('root')).rejects.toMatchObject({
        code: 'conflict',
        message: 'root is the only active administrator: make another account an administrator first',
      });
    }
    await deleteUserAccount(ctx, OPERATOR_ACTOR, 'sleeper');
  });
});

it('an account has at most 100 access tokens, however many are created at once (R211)', async () => {
  const userId = await addRow('alice');
  const token = (name: string) => createAccountToken(ctx, OPERATOR_ACTOR, 'alice', { name, access: 'read' });
  await database.db.raw(
    `insert into access_tokens (user_id, name, secret_hash, access)
     select ?, 'old ' || n, sha256(n::text::bytea), 'read' from generate_series(1, 95) n`,
    [userId],
  );
  const codes = await codesOf(...Array.from({ length: ROUNDS }, (_, round) => token(`new ${round}`)));
  expect(codes).toHaveLength(ROUNDS - 5);
  expect(await count('from access_tokens')).toBe(100);
});

it('an account keeps a confirmed address, whichever two are removed at once (R212)', async () => {
  const id = await addRow('alice');
  await database.db('emails').insert({ user_id: id, email: 'first@example.com', is_primary: true });
  for (let round = 0; round < ROUNDS; round += 1) {
    await database.db.raw('delete from emails where not is_primary');
    for (const email of ['a@example.com', 'b@example.com']) {
      await database.db('emails').insert({ user_id: id, email, verified_at: new Date() });
    }
    const remove = (email: string) => removeEmail(ctx, OPERATOR_ACTOR, 'alice', email);
    expect(await codesOf(remove('a@example.com'), remove('B@example.com'))).toEqual(['conflict']);
  }
});

it('a plan with one private repository has one, however many are created at once (R11)', async () => {
  await addRow('alice');
  const settings = { ...ctx, settings: { ...ctx.settings, hubLimits: false } };
  for (let round = 0; round < ROUNDS; round += 1) {
    const create = (name: string) =>
      createRepository(settings, OPERATOR_ACTOR, { namespace: 'alice', name }, 'private');
    expect(await codesOf(create('one'), create('two'))).toEqual(['forbidden']);
    await database.db.raw('delete from repositories');
  }
});

it('an account is deleted with its repositories while one of them is created and hidden, and there is no deadlock', async () => {
  await addRow('root', { isAdmin: true });
  for (let round = 0; round < ROUNDS; round += 1) {
    const userId = await addRow('alice');
    const rows = ['one', 'two'].map((name) => ({ namespace: 'alice', name }));
    await database.db('repositories').insert(rows);
    const settings = { ...ctx, settings: { ...ctx.settings, hubLimits: false } };
    const codes = await codesOf(
      deleteUserWithRepositories(ctx, OPERATOR_ACTOR, 'alice'),
      setVisibility(ctx, OPERATOR_ACTOR, { namespace: 'alice', name: 'two' }, 'private'),
      createRepository(settings, OPERATOR_ACTOR, { namespace: 'alice', name: 'one' }, 'private'),
    );
    expect(codes.filter((code) => !['conflict', 'not_found', 'forbidden'].includes(code))).toEqual([]);
    await database.db('repositories').delete();
    await database.db('namespaces').where({ owner_id: userId }).delete();
    await database.db('users').where({ id: userId }).delete();
  }
});
