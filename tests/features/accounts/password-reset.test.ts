import { OPERATOR_ACTOR, basicActor } from '../../../src/features/access/actor';
import { setPrimaryEmail } from '../../../src/features/accounts/confirmation';
import { verifyCredentials } from '../../../src/features/accounts/credentials';
import { getAccount } from '../../../src/features/access/current-account';
import { describeReset, requestPasswordReset, resetPassword } from '../../../src/features/accounts/password-reset';
import { register } from '../../../src/features/accounts/registration';
import { createUser, updateUser } from '../../../src/features/accounts/users';
import { setStatus } from '../../../src/features/namespaces/account-status';
import { listEvents } from '../../../src/features/audit/audit';
import { createMailPlace, dumpDatabase, type MailPlace } from '../../helpers/mail-place';
import { queuedJobs } from '../../helpers/run-jobs';
import { linkIn, secretIn, startSmtpServer } from '../../helpers/smtp-server';

const ADDRESS = '192.0.2.1';
const ALICE = { username: 'alice', password: 'secret', email: 'alice@example.com' };

let place: MailPlace;
beforeEach(async () => {
  place = await createMailPlace();
});
afterEach(() => place.close());

const addAlice = (isEmailVerified = true) =>
  createUser(place.ctx, OPERATOR_ACTOR, { ...ALICE, isActive: true, isAdmin: false, isEmailVerified });

const logIn = (password: string) => verifyCredentials(place.ctx, 'alice', password, ADDRESS);

async function mailedSecret(name = 'alice'): Promise<string> {
  await requestPasswordReset(place.ctx, name, ADDRESS);
  const mails = await place.deliver();
  expect(mails).toHaveLength(1);
  return secretIn(mails[0]!);
}

it('a new password is set by the mailed link, and ends everything that the old one had opened', async () => {
  await addAlice();
  const before = await logIn('secret');
  await requestPasswordReset(place.ctx, 'alice', ADDRESS);
  const mails = await place.deliver();
  expect(mails).toMatchObject([{ recipients: ['alice@example.com'] }]);
  expect(linkIn(mails[0]!)).toMatch(/^http:\/\/hub\.test\/account\/reset\/[\w-]{43}$/);
  const secret = secretIn(mails[0]!);
  expect(await describeReset(place.ctx, secret)).toEqual({ username: 'alice' });
  expect(await logIn('secret')).toBeDefined(); // reading the link changes nothing

  expect(await resetPassword(place.ctx, secret, 'another', '192.0.2.9')).toEqual({ username: 'alice' });
  expect(await logIn('secret')).toBeUndefined();
  const after = await logIn('another');
  expect(after?.credentialsEpoch).toBe(before!.credentialsEpoch + 1);
  const old = { kind: 'user' as const, proof: 'password' as const, identity: before!, address: ADDRESS };
  await expect(getAccount(place.ctx, old)).rejects.toMatchObject({ code: 'unauthenticated' });
  const [event] = await listEvents(place.ctx, { action: 'user.password_changed', limit: 10 });
  expect(event).toMatchObject({ actor: 'alice', address: '192.0.2.9', details: { by: 'mailed link' } });

  const [told] = await place.deliver();
  expect(told).toMatchObject({ recipients: ['alice@example.com'], parsed: { subject: 'Your password was changed' } });
  expect(linkIn(told!)).toBe('http://hub.test/account/reset');
  await expect(resetPassword(place.ctx, secret, 'a third', ADDRESS)).rejects.toMatchObject({ code: 'not_found' });
});

it.each(['alice', 'Alice', 'alice@example.com', 'ALICE@example.com', 'added@example.com'])(
  'can be requested with %s, and goes to the verified primary address',
  async (name) => {
    await addAlice();
    await updateUser(place.ctx, OPERATOR_ACTOR, 'alice', { email: 'added@example.com' });
    await place.deliver();
    await requestPasswordReset(place.ctx, name, ADDRESS);
    expect(await place.deliver()).toMatchObject([{ recipients: ['alice@example.com'] }]);
  },
);

it.each([
  [{ primary: true, added: true }, ['alice@example.com']],
  [{ primary: false, added: true }, []],
  [{ primary: true, added: false }, ['alice@example.com']],
  [{ primary: false, added: false }, ['alice@example.com']],
])('with verified %j it goes to %j: never to an address that was added later (R166)', async (verified, recipients) => {
  await addAlice(verified.primary);
  await updateUser(place.ctx, OPERATOR_ACTOR, 'alice', { email: 'added@example.com' });
  await place.deliver();
  if (verified.added) {
    await place.database.db('emails').where({ is_primary: false }).update({ verified_at: new Date() });
  }
  await requestPasswordReset(place.ctx, 'alice', ADDRESS);
  expect((await place.deliver()).map((mail) => mail.recipients)).toEqual(recipients.map((recipient) => [recipient]));
});

describe('after a change of the primary address', () => {
  async function changePrimary(): Promise<void> {
    await updateUser(place.ctx, OPERATOR_ACTOR, 'alice', { email: 'added@example.com' });
    await place.database.db('emails').where({ is_primary: false }).update({ verified_at: new Date() });
    await setPrimaryEmail(place.ctx, basicActor((await logIn('secret'))!, ADDRESS), 'added@example.com');
  }

  it('no link is mailed for 24 hours, and the new address gets the reason (R166)', async () => {
    await addAlice();
    await changePrimary();
    await place.deliver();
    await requestPasswordReset(place.ctx, 'alice', ADDRESS);
    const mails = await place.deliver();
    expect(mails.map(({ parsed }) => parsed.subject)).toEqual(['Your password reset request for hub.test']);
    expect(mails[0]!.parsed.text).not.toContain('http');

    await place.database.db.raw(`update users set primary_email_changed_at = now() - interval '24 hours 1 second'`);
    await requestPasswordReset(place.ctx, 'alice', ADDRESS);
    const [mail] = await place.deliver();
    expect(mail).toMatchObject({ recipients: ['added@example.com'] });
    await resetPassword(place.ctx, secretIn(mail!), 'another', ADDRESS);
  });

  it('a link that was mailed to the former address before is no longer good', async () => {
    await addAlice();
    const secret = await mailedSecret();
    await changePrimary();
    await expect(resetPassword(place.ctx, secret, 'another', ADDRESS)).rejects.toMatchObject({ code: 'not_found' });
  });
});

it('an unknown name takes as much time, because only the job looks up the account', async () => {
  await addAlice();
  for (const name of ['alice', 'nobody']) {
    await expect(requestPasswordReset(place.ctx, name, ADDRESS)).resolves.toBeUndefined();
  }
  expect(await queuedJobs(place.database)).toMatchObject([
    { name: 'mail_password_reset', payload: { nameOrAddress: 'alice' } },
    { name: 'mail_password_reset', payload: { nameOrAddress: 'nobody' } },
  ]);
  expect(await place.deliver()).toHaveLength(1);
  expect(await queuedJobs(place.database)).toEqual([]);
});

it.each(['', 'x'.repeat(255), 'alice\0', 'alice\r\nbcc: x'])('no account can be called %j', async (name) => {
  await requestPasswordReset(place.ctx, name, ADDRESS);
  expect(await queuedJobs(place.database)).toEqual([]);
});

describe('the link', () => {
  it('ends after an hour', async () => {
    await addAlice();
    const secret = await mailedSecret();
    const links = place.database.db('email_links');
    const [link] = await links.clone().select<{ created_at: Date; expires_at: Date }[]>('created_at', 'expires_at');
    expect(link!.expires_at.getTime() - link!.created_at.getTime()).toBe(3_600_000);
    await links.clone().update({ expires_at: new Date(Date.now() - 1000) });
    await expect(resetPassword(place.ctx, secret, 'another', ADDRESS)).rejects.toMatchObject({ code: 'not_found' });
    expect(await logIn('secret')).toBeDefined();
  });

  it('ends with any other change of the password', async () => {
    await addAlice();
    const secret = await mailedSecret();
    await updateUser(place.ctx, OPERATOR_ACTOR, 'alice', { password: 'changed' });
    await expect(resetPassword(place.ctx, secret, 'another', ADDRESS)).rejects.toMatchObject({ code: 'not_found' });
    expect(await logIn('changed')).toBeDefined();
  });

  it('ends when the other of two links is used, also at the same moment', async () => {
    await addAlice();
    const secrets = [await mailedSecret(), await mailedSecret('alice@example.com')];
    const both = await Promise.allSettled(
      secrets.map((secret, which) => resetPassword(place.ctx, secret, `password${which}`, ADDRESS)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const winner = both.findIndex(({ status }) => status === 'fulfilled');
    expect(await logIn(`password${winner}`)).toBeDefined();
  });

  it('stays good if the new password is refused', async () => {
    await addAlice();
    const secret = await mailedSecret();
    await expect(resetPassword(place.ctx, secret, '1234', ADDRESS)).rejects.toMatchObject({ code: 'invalid' });
    await resetPassword(place.ctx, secret, 'another', ADDRESS);
  });

  it('is not good for a confirmation, and a link to confirm is not good for a reset', async () => {
    const other = await createMailPlace({ confirmationRequired: true });
    await register(other.ctx, ALICE, ADDRESS);
    const [mail] = await other.deliver();
    await expect(resetPassword(other.ctx, secretIn(mail!), 'another', ADDRESS)).rejects.toMatchObject({
      code: 'not_found',
    });
    await other.close();
  });
});

describe('accounts that are not active', () => {
  it('one that waits for its confirmation is confirmed by the link, because its mail was read', async () => {
    const careful = await createMailPlace({ confirmationRequired: true });
    await register(careful.ctx, ALICE, ADDRESS);
    await careful.deliver();
    await requestPasswordReset(careful.ctx, 'alice', ADDRESS);
    const [mail] = await careful.deliver();
    await resetPassword(careful.ctx, secretIn(mail!), 'another', ADDRESS);
    expect(await verifyCredentials(careful.ctx, 'alice', 'another', ADDRESS)).toBeDefined();
    await careful.close();
  });

  it('one that was deactivated gets no mail', async () => {
    await addAlice();
    await setStatus(place.ctx, OPERATOR_ACTOR, 'alice', { isActive: false });
    await requestPasswordReset(place.ctx, 'alice', ADDRESS);
    expect(await place.deliver()).toEqual([]);
  });
});

describe('too many requests', () => {
  it('for one name get the usual answer but no mail; other names get theirs', async () => {
    await addAlice();
    for (let time = 1; time <= 7; time += 1) await requestPasswordReset(place.ctx, 'Alice', `192.0.2.${time}`);
    await requestPasswordReset(place.ctx, 'nobody', ADDRESS);
    const names = (await queuedJobs(place.database)).map(({ payload }) => payload);
    expect(names).toEqual([...Array<object>(5).fill({ nameOrAddress: 'Alice' }), { nameOrAddress: 'nobody' }]);
  });

  it('from one address have to wait; other addresses need not', async () => {
    for (let time = 1; time <= 20; time += 1) await requestPasswordReset(place.ctx, `name${time}`, ADDRESS);
    await expect(requestPasswordReset(place.ctx, 'another', ADDRESS)).rejects.toMatchObject({
      code: 'busy',
      retryAfterSeconds: expect.any(Number),
    });
    await requestPasswordReset(place.ctx, 'another', '192.0.2.2');
    expect(await queuedJobs(place.database)).toHaveLength(21);
  });

  it('wrong passwords do not lock out a user who sets a new one', async () => {
    await addAlice();
    for (let time = 1; time <= 10; time += 1) await logIn('wrong');
    await expect(logIn('secret')).rejects.toMatchObject({ code: 'busy' });
    await resetPassword(place.ctx, await mailedSecret(), 'another', ADDRESS);
    expect(await logIn('another')).toBeDefined();
  });
});

it('a mail server that is down is tried again, and then the mail is sent once (R32)', async () => {
  await addAlice();
  await place.smtp.close();
  await requestPasswordReset(place.ctx, 'alice', ADDRESS);
  for (const attempts of [1, 2]) {
    await place.deliver();
    expect(await queuedJobs(place.database)).toMatchObject([
      { attempts, lastError: expect.stringContaining('ECONNREFUSED'), isDue: false },
    ]);
  }
  const back = await startSmtpServer({ port: place.smtp.port });
  await place.deliver();
  await place.deliver();
  expect(back.mails).toMatchObject([{ recipients: ['alice@example.com'] }]);
  await resetPassword(place.ctx, secretIn(back.mails[0]!), 'another', ADDRESS);
  place.ctx.mailer.close();
  await back.close();
});

it('a mail that the mail server refuses is tried again', async () => {
  await addAlice();
  place.smtp.refuseWith('Come back later');
  await requestPasswordReset(place.ctx, 'alice', ADDRESS);
  expect(await place.deliver()).toEqual([]);
  expect(await queuedJobs(place.database)).toMatchObject([
    { name: 'mail_password_reset', attempts: 1, lastError: expect.stringContaining('Come back later') },
  ]);
  place.smtp.refuseWith(undefined);
  const mails = await place.deliver();
  expect(mails).toHaveLength(1);
  expect(await queuedJobs(place.database)).toEqual([]);
  await resetPassword(place.ctx, secretIn(mails[0]!), 'another', ADDRESS);
});

it('secrets are neither in the database nor in the log, at any moment', async () => {
  await register(place.ctx, ALICE, ADDRESS);
  await requestPasswordReset(place.ctx, 'alice', ADDRESS);
  const queued = await dumpDatabase(place.database);
  const mails = await place.deliver();
  expect(mails).toHaveLength(2);
  const afterSending = await dumpDatabase(place.database);
  const secrets = mails.map(secretIn);
  const reset = mails.findIndex((mail) => linkIn(mail).includes('/reset/'));
  await resetPassword(place.ctx, secrets[reset]!, 'another', ADDRESS);
  const afterUse = await dumpDatabase(place.database);
  expect(afterSending).toContain('alice@example.com'); // the dump does have the contents of the database
  for (const secret of secrets) {
    const bytes = Buffer.from(secret, 'base64url').toString('hex');
    for (const text of [queued, afterSending, afterUse, place.logLines.join('\n')]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(bytes);
    }
  }
});
