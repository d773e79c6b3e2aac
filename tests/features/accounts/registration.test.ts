import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { addEmail, listEmails } from '../../../src/features/accounts/emails';
import { register } from '../../../src/features/accounts/registration';
import { createUser } from '../../../src/features/accounts/users';
import { forgetUnconfirmed } from '../../../src/features/namespaces/unconfirmed';
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
