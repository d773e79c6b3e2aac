import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { addEmail, listEmails } from '../../../src/features/accounts/emails';
import { ensureAdministrator } from '../../../src/features/accounts/first-administrator';
import { register } from '../../../src/features/accounts/registration';
import { createUser } from '../../../src/features/accounts/users';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { forgetUnconfirmed } from '../../../src/features/namespaces/unconfirmed';
import { renameAccount, renameOrganization } from '../../../src/features/repositories/renaming';
import type { Context } from '../../../src/context';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

/* Limits on what one anonymous client can use up: names, addresses, mails. */

let database: TestDatabase;
let ctx: Context;
beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db, { settings: { registrationsPerHour: 5, confirmationRequired: true } });
});
afterEach(() => database.drop());

const HERE = '192.0.2.1';

async function registerAs(username: string, email = `${username}@example.com`, address = HERE): Promise<string> {
  return register(ctx, { username, password: 'secret1', email }, address).then(
    () => 'registered',
    (error: unknown) => (error as { message: string }).message,
  );
}

async function countOf(table: string): Promise<number> {
  return (await database.db(table).select('id')).length;
}

it.each(['operator', 'server', 'retention'])(
  'nobody can be called %s, as the audit log calls another doer',
  async (name) => {
    const taken = 'Username or email already exists';
    expect(await registerAs(name)).toBe(taken);
    expect(await registerAs(name.toUpperCase())).toBe(taken);
    const facts = { password: 'secret1', email: undefined, isActive: true, isAdmin: false, isEmailVerified: false };
    const alice = { username: 'alice', ...facts };
    await createUser(ctx, OPERATOR_ACTOR, alice);
    const refused = { code: 'conflict', message: `The name ${name} is already taken` };
    const user = { username: name, ...facts };
    await expect(createUser(ctx, OPERATOR_ACTOR, user)).rejects.toMatchObject({ code: 'conflict', message: taken });
    const owner = { owner: 'alice' };
    await expect(createOrganization(ctx, OPERATOR_ACTOR, name, owner)).rejects.toMatchObject(refused);
    await createOrganization(ctx, OPERATOR_ACTOR, 'acme', owner);
    await expect(renameOrganization(ctx, OPERATOR_ACTOR, 'acme', name)).rejects.toMatchObject(refused);
    await expect(renameAccount(ctx, OPERATOR_ACTOR, 'alice', name)).rejects.toMatchObject(refused);
    const first = { username: name, password: 'secret1', email: undefined };
    await expect(ensureAdministrator(ctx, first)).rejects.toThrow(`cannot be called ${name}`);
    expect(await countOf('users')).toBe(1);
  },
);

describe('registration', () => {
  it('succeeds for only a limited number of 30 requests at once from one network (R230)', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `sailor${index}`);
    const answers = await Promise.all(names.map((name) => registerAs(name)));
    expect(answers.filter((answer) => answer === 'registered')).toHaveLength(5);
    expect(new Set(answers)).toEqual(new Set(['registered', 'Too many accounts were registered from your network']));
    expect(await countOf('users')).toBe(5);
    expect(await registerAs('another', 'another@example.com', '198.51.100.7')).toBe('registered');
  });

  it('counts an IPv6 network as one', async () => {
    const from = (host: number) => registerAs(`sailor${host}`, `s${host}@example.com`, `2001:db8:1:2::${host}`);
    for (let host = 1; host <= 5; host += 1) expect(await from(host)).toBe('registered');
    expect(await from(6)).toMatch(/^Too many accounts/);
  });

  it('does not count engines that log in by trying to register', async () => {
    await registerAs('alice');
    for (let attempt = 0; attempt < 20; attempt += 1) {
      expect(await registerAs('alice')).toBe('Username or email already exists');
    }
    expect(await registerAs('robert')).toBe('registered');
  });

  it('sends only a few mails to one mailbox, whatever follows a plus in the address (R230)', async () => {
    const settings = { registrationsPerHour: 1000, confirmationRequired: true };
    ctx = createTestContext(database.db, { settings });
    const answers: string[] = [];
    for (let index = 0; index < 10; index += 1)
      answers.push(await registerAs(`sailor${index}`, `Victim+${index}@example.com`));
    expect(answers.filter((answer) => answer === 'registered')).toHaveLength(5);
    expect(answers.at(-1)).toBe('Too many accounts were registered with this mailbox');
  });
});

describe('an address that nobody has confirmed', () => {
  it('does not keep its owner from registering (R231)', async () => {
    await registerAs('mallory', 'alice@example.com');
    await addEmail(ctx, OPERATOR_ACTOR, 'mallory', 'robert@example.com');
    expect(await registerAs('alice')).toBe('registered');
    expect(await registerAs('robert')).toBe('registered');
  });

  it('is not taken once another account has confirmed it', async () => {
    const verified = { isActive: true, isAdmin: false, isEmailVerified: true };
    await createUser(ctx, OPERATOR_ACTOR, {
      username: 'alice',
      password: 'secret1',
      email: 'alice@example.com',
      ...verified,
    });
    expect(await registerAs('mallory', 'Alice@example.com')).toBe('email is already associated with an account');
  });

  it('is forgotten after a week, and so is an account that waits for it (R231)', async () => {
    await registerAs('waiting');
    const verified = { isActive: true, isAdmin: false, isEmailVerified: true };
    await createUser(ctx, OPERATOR_ACTOR, {
      username: 'alice',
      password: 'secret1',
      email: 'alice@example.com',
      ...verified,
    });
    await addEmail(ctx, OPERATOR_ACTOR, 'alice', 'other@example.com');
    expect(await forgetUnconfirmed(ctx)).toEqual({ addresses: 0, accounts: 0 });
    await database.db('emails').update({ created_at: database.db.raw(`now() - interval '8 days'`) });
    await database.db('users').update({ created_at: database.db.raw(`now() - interval '8 days'`) });
    expect(await forgetUnconfirmed(ctx)).toEqual({ addresses: 1, accounts: 1 });
    expect((await listEmails(ctx, OPERATOR_ACTOR, 'alice')).map(({ address }) => address)).toEqual([
      'alice@example.com',
    ]);
    expect(await registerAs('waiting')).toBe('registered');
  });

  it('is one of at most ten addresses of an account', async () => {
    await registerAs('mallory');
    const add = (index: number) => addEmail(ctx, OPERATOR_ACTOR, 'mallory', `victim${index}@example.com`);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => add(index)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(9);
  });
});
