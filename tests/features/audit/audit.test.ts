import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { forgetEvents, listEvents, OPERATOR, recordEvent, recordLogin } from '../../../src/features/audit/audit';
import { verifyCredentials } from '../../../src/features/accounts/credentials';
import { createUser, findUser, updateUser } from '../../../src/features/accounts/users';
import { setStatus } from '../../../src/features/namespaces/account-status';
import type { Context } from '../../../src/context';
import { jobsOf } from '../../../src/jobs';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

let database: TestDatabase;
let ctx: Context;
beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
});
afterEach(() => database.drop());

const ALICE = { userId: 7, name: 'alice', address: '192.0.2.1' };
const everything = { limit: 100 };

const alice = {
  username: 'alice',
  password: 'secret',
  email: 'alice@example.com',
  isActive: true,
  isAdmin: false,
  isEmailVerified: true,
};

async function actions(): Promise<string[]> {
  return (await listEvents(ctx, everything)).map(({ action }) => action);
}

/** Makes it impossible to write events from now on. */
async function breakTheLog(): Promise<void> {
  await database.db.raw('alter table audit_events add constraint full_disk check (false) not valid');
}

describe('listEvents', () => {
  beforeEach(async () => {
    await recordEvent(ctx.db, OPERATOR, { action: 'user.created', subject: 'alice' });
    await recordEvent(ctx.db, ALICE, { action: 'login.ok', subject: 'alice' });
    await recordEvent(ctx.db, ALICE, { action: 'tag.moved', subject: 'app:1', details: { from: 'a', to: 'b' } });
    await recordEvent(
      ctx.db,
      { ...ALICE, userId: undefined, name: undefined },
      { action: 'login.failed', subject: 'carol' },
    );
  });

  it('shows what was recorded, the newest first', async () => {
    const events = await listEvents(ctx, everything);
    expect(events.map(({ id: _id, at, ...event }) => ({ ...event, isDate: at instanceof Date }))).toEqual([
      { actor: undefined, address: '192.0.2.1', action: 'login.failed', subject: 'carol', details: {}, isDate: true },
      {
        actor: 'alice',
        address: '192.0.2.1',
        action: 'tag.moved',
        subject: 'app:1',
        details: { from: 'a', to: 'b' },
        isDate: true,
      },
      { actor: 'alice', address: '192.0.2.1', action: 'login.ok', subject: 'alice', details: {}, isDate: true },
      {
        actor: 'operator',
        address: 'command line',
        action: 'user.created',
        subject: 'alice',
        details: {},
        isDate: true,
      },
    ]);
  });

  it.each([
    [{ user: 'alice' }, ['tag.moved', 'login.ok']],
    [{ user: 'carol' }, ['login.failed']],
    [{ action: 'login' }, ['login.failed', 'login.ok']],
    [{ action: 'login.o' }, ['login.ok']],
    [{ action: 'log%' }, []],
    [{ action: 'l_gin' }, []],
    [{ subject: 'alice' }, ['login.ok', 'user.created']],
    [{ user: 'alice', subject: 'app:1' }, ['tag.moved']],
    [{ since: new Date(Date.now() + 60_000) }, []],
    [{ since: new Date(Date.now() - 60_000), user: 'operator' }, ['user.created']],
    [{ until: new Date(Date.now() - 60_000) }, []],
    [{ until: new Date(Date.now() + 60_000), limit: 1 }, ['login.failed']],
    [{ limit: 1 }, ['login.failed']],
  ])('filters by %j', async (filter, expected) => {
    const events = await listEvents(ctx, { ...everything, ...filter });
    expect(events.map(({ action }) => action)).toEqual(expected);
  });
});

it('a name that an anonymous client tried is kept, whatever it is', async () => {
  const nobody = { userId: undefined, name: undefined, address: '192.0.2.1' };
  for (const subject of ['no\0body', 'x'.repeat(100_000), '\ud800', '"; drop table users; --', '']) {
    await recordEvent(ctx.db, nobody, { action: 'login.failed', subject });
  }
  const subjects = (await listEvents(ctx, everything)).map(({ subject }) => subject);
  expect(subjects.reverse()).toEqual(['no\ufffdbody', 'x'.repeat(255), '\ufffd', '"; drop table users; --', '']);
});

describe('when an event cannot be recorded', () => {
  it('the change does not happen', async () => {
    await createUser(ctx, OPERATOR_ACTOR, alice);
    await breakTheLog();
    await expect(
      createUser(ctx, OPERATOR_ACTOR, { ...alice, username: 'carol', email: 'carol@example.com' }),
    ).rejects.toThrow();
    expect(await findUser(ctx, 'carol')).toBeUndefined();
    await expect(setStatus(ctx, OPERATOR_ACTOR, 'alice', { isAdmin: true })).rejects.toThrow();
    await expect(updateUser(ctx, OPERATOR_ACTOR, 'alice', { password: 'another' })).rejects.toThrow();
    expect(await findUser(ctx, 'alice')).toMatchObject({ isAdmin: false });
    expect(await verifyCredentials(ctx, 'alice', 'another', '192.0.2.1')).toBeUndefined();
  });

  it('a login succeeds, and the log of the process has the event', async () => {
    await createUser(ctx, OPERATOR_ACTOR, alice);
    await breakTheLog();
    const error = jest.spyOn(ctx.log, 'error').mockImplementation(() => undefined);
    expect(await verifyCredentials(ctx, 'alice', 'secret', '192.0.2.1')).toBeDefined();
    expect(await verifyCredentials(ctx, 'alice', 'wrong', '192.0.2.1')).toBeUndefined();
    await recordLogin(ctx, ALICE, { action: 'login.ok', subject: 'alice' });
    const lines = error.mock.calls.map(([line]) => line);
    expect(lines).toEqual([
      expect.objectContaining({ action: 'login.ok', subject: 'alice', address: '192.0.2.1' }),
      expect.objectContaining({ action: 'login.failed', subject: 'alice', address: '192.0.2.1' }),
      expect.objectContaining({ action: 'login.ok', subject: 'alice', address: '192.0.2.1' }),
    ]);
  });
});

describe('logging in', () => {
  it('is recorded if the password was really checked, and not if it was remembered', async () => {
    await createUser(ctx, OPERATOR_ACTOR, alice);
    for (let turn = 0; turn < 3; turn += 1) await verifyCredentials(ctx, 'ALICE', 'secret', '192.0.2.1');
    expect(await actions()).toEqual(['login.ok', 'user.created']);
    expect((await listEvents(ctx, everything))[0]).toMatchObject({ actor: 'alice', subject: 'alice' });
  });

  it('of an inactive account is a failure of a known account', async () => {
    await createUser(ctx, OPERATOR_ACTOR, { ...alice, isActive: false });
    await expect(verifyCredentials(ctx, 'alice', 'secret', '192.0.2.1')).rejects.toMatchObject({ code: 'inactive' });
    expect((await listEvents(ctx, everything))[0]).toMatchObject({
      actor: 'alice',
      action: 'login.failed',
      details: { reason: 'inactive' },
    });
  });

  it('is recorded as often as the limits allow a guess, and the block is recorded once', async () => {
    for (let turn = 0; turn < 30; turn += 1) {
      await verifyCredentials(ctx, 'nobody', `guess ${turn}`, '192.0.2.1').catch(() => undefined);
    }
    expect(await actions()).toEqual(['login.blocked', ...Array<string>(10).fill('login.failed')]);
    expect((await listEvents(ctx, everything))[0]).toMatchObject({
      actor: undefined,
      address: '192.0.2.1',
      subject: 'nobody',
      details: { limit: 'pair', seconds: 900 },
    });
  });
});

it('no event ever has a password, a hash or an email address', async () => {
  await createUser(ctx, OPERATOR_ACTOR, alice);
  await updateUser(ctx, OPERATOR_ACTOR, 'alice', { password: 'another', email: 'other@example.com' });
  await verifyCredentials(ctx, 'alice', 'another', '192.0.2.1');
  await verifyCredentials(ctx, 'alice', 'guessed', '192.0.2.1');
  const [row] = await ctx.db('users').select('password_hash');
  const text = JSON.stringify(await ctx.db('audit_events').select());
  expect(await actions()).toEqual([
    'login.failed',
    'login.ok',
    'user.email_added',
    'user.password_changed',
    'user.created',
  ]);
  for (const secret of [
    'secret',
    'another',
    'guessed',
    'example.com',
    (row as { password_hash: string }).password_hash,
  ]) {
    expect(text).not.toContain(secret);
  }
});

it('events older than DRYDOCK_AUDIT_DAYS are deleted every day, in bounded steps', async () => {
  await ctx.db.raw(
    `insert into audit_events (at, address, action, subject)
     select now() - interval '366 days', '192.0.2.1', 'login.failed', 'old' from generate_series(1, 10001)`,
  );
  await ctx.db.raw(
    `insert into audit_events (at, address, action, subject)
     values (now() - interval '364 days', '192.0.2.1', 'login.failed', 'recent')`,
  );
  const job = jobsOf(ctx).find(({ name }) => name === 'forget_events');
  expect(job?.schedule).toMatch(/^\d+ \d+ \* \* \*$/); // daily
  await job?.run(new AbortController().signal);
  expect((await listEvents(ctx, everything)).map(({ subject }) => subject)).toEqual(['recent']);
  expect(await forgetEvents(ctx, 0)).toBe(1);
});
