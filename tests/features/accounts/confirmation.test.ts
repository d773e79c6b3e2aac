import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import {
  confirmEmail,
  describeConfirmation,
  requestConfirmation,
  resendConfirmation,
  setPrimaryEmail,
} from '../../../src/features/accounts/confirmation';
import { verifyCredentials } from '../../../src/features/accounts/credentials';
import { removeEmail } from '../../../src/features/accounts/emails';
import { forgetExpiredLinks } from '../../../src/features/accounts/email-links';
import { register } from '../../../src/features/accounts/registration';
import { createUser, getUser, updateUser } from '../../../src/features/accounts/users';
import { deleteUserAccount } from '../../../src/features/namespaces/account-deletion';
import { setStatus } from '../../../src/features/namespaces/account-status';
import { listEvents } from '../../../src/features/audit/audit';
import { createMailPlace, type MailPlace } from '../../helpers/mail-place';
import { noticesIn } from '../../helpers/notices';
import { queuedJobs } from '../../helpers/run-jobs';
import { linkIn, secretIn } from '../../helpers/smtp-server';

const ADDRESS = '192.0.2.1';
const ALICE = { username: 'alice', password: 'secret', email: 'alice@example.com' };

const from = (address: string): Actor => ({ kind: 'anonymous', address });
const NOBODY = from(ADDRESS);

let place: MailPlace;
let careful: MailPlace;
beforeEach(async () => {
  [place, careful] = await Promise.all([createMailPlace(), createMailPlace({ confirmationRequired: true })]);
});
afterEach(() => Promise.all([place.close(), careful.close()]));

const emails = ({ database }: MailPlace) =>
  database
    .db('emails')
    .select('email', 'is_primary', database.db.raw('verified_at is not null as is_verified'))
    .orderBy('id') as Promise<{ email: string; is_primary: boolean; is_verified: boolean }[]>;

const eventsOf = async ({ ctx }: MailPlace, action: string) =>
  (await listEvents(ctx, { action, limit: 100 })).map(({ actor, address, subject }) => ({ actor, address, subject }));

async function actorOf({ ctx }: MailPlace, username = 'alice', password = 'secret'): Promise<Actor> {
  const identity = await verifyCredentials(ctx, username, password, ADDRESS);
  return { kind: 'user', proof: 'password', identity: identity!, address: ADDRESS };
}

async function mailedSecret(from: MailPlace): Promise<string> {
  const mails = await from.deliverLinks();
  expect(mails).toHaveLength(1);
  return secretIn(mails[0]!);
}

const logIn = ({ ctx }: MailPlace) => verifyCredentials(ctx, 'alice', 'secret', ADDRESS);

describe('a new account', () => {
  it('waits for its confirmation if that is required, and is active after it', async () => {
    await register(careful.ctx, ALICE, ADDRESS);
    await expect(logIn(careful)).rejects.toMatchObject({ code: 'inactive' });
    const mails = await careful.deliver();
    expect(mails).toMatchObject([{ recipients: ['alice@example.com'] }]);
    expect(mails[0]!.parsed.text).toContain('activate the account');
    expect(linkIn(mails[0]!)).toMatch(/^http:\/\/hub\.test\/account\/confirm\/[\w-]{43}$/);

    const secret = secretIn(mails[0]!);
    expect(await describeConfirmation(careful.ctx, secret)).toEqual({ username: 'alice', needsLogin: false });
    await expect(logIn(careful)).rejects.toMatchObject({ code: 'inactive' }); // reading the link changes nothing
    expect(await confirmEmail(careful.ctx, from('192.0.2.9'), secret)).toEqual({ username: 'alice', isActive: true });
    expect(await logIn(careful)).toBeDefined();
    expect(await emails(careful)).toEqual([{ email: 'alice@example.com', is_primary: true, is_verified: true }]);
    const byAlice = { actor: 'alice', address: '192.0.2.9', subject: 'alice' };
    expect(await eventsOf(careful, 'user.email_confirmed')).toEqual([byAlice]);
    expect(await eventsOf(careful, 'user.activated')).toEqual([byAlice]);
  });

  it('is active at once otherwise, and can still be confirmed', async () => {
    await register(place.ctx, ALICE, ADDRESS);
    expect(await logIn(place)).toBeDefined();
    expect(await emails(place)).toMatchObject([{ is_verified: false }]);
    const secret = await mailedSecret(place);
    await confirmEmail(place.ctx, NOBODY, secret);
    expect(await emails(place)).toMatchObject([{ is_verified: true }]);
    expect(await eventsOf(place, 'user.activated')).toEqual([]);
  });

  it('gets no mail if its creation fails', async () => {
    await createUser(place.ctx, OPERATOR_ACTOR, { ...ALICE, isActive: true, isAdmin: false, isEmailVerified: true });
    const robert = { ...ALICE, username: 'robert', isActive: true, isAdmin: false, isEmailVerified: false };
    await expect(createUser(place.ctx, OPERATOR_ACTOR, robert)).rejects.toMatchObject({ code: 'conflict' });
    expect(await queuedJobs(place.database)).toEqual([]);
  });

  it('that the operator creates has a confirmed address, and gets no mail', async () => {
    await createUser(careful.ctx, OPERATOR_ACTOR, { ...ALICE, isActive: false, isAdmin: false, isEmailVerified: true });
    expect(await careful.deliver()).toEqual([]);
  });

  it('that an operator has deactivated is not activated by a mail', async () => {
    await register(careful.ctx, ALICE, ADDRESS);
    const secret = await mailedSecret(careful);
    await setStatus(careful.ctx, OPERATOR_ACTOR, 'alice', { isActive: false });
    expect(await confirmEmail(careful.ctx, NOBODY, secret)).toEqual({ username: 'alice', isActive: false });
    expect((await getUser(careful.ctx, 'alice')).isActive).toBe(false);
  });

  it('that is deleted before its mail is sent does not get it', async () => {
    await register(place.ctx, ALICE, ADDRESS);
    await deleteUserAccount(place.ctx, OPERATOR_ACTOR, 'alice');
    expect(await place.deliver()).toEqual([]);
    expect(await queuedJobs(place.database)).toEqual([]);
  });
});

describe('a link', () => {
  it('is good once, even for two requests at the same moment', async () => {
    await register(careful.ctx, ALICE, ADDRESS);
    const secret = await mailedSecret(careful);
    const both = await Promise.allSettled([
      confirmEmail(careful.ctx, NOBODY, secret),
      confirmEmail(careful.ctx, NOBODY, secret),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(confirmEmail(careful.ctx, NOBODY, secret)).rejects.toMatchObject({ code: 'not_found' });
    await expect(describeConfirmation(careful.ctx, secret)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('ends after three days, and is forgotten', async () => {
    await register(careful.ctx, ALICE, ADDRESS);
    const secret = await mailedSecret(careful);
    const links = careful.database.db('email_links');
    const [link] = await links.clone().select<{ created_at: Date; expires_at: Date }[]>('created_at', 'expires_at');
    expect(link!.expires_at.getTime() - link!.created_at.getTime()).toBe(3 * 24 * 3_600_000);
    expect(await forgetExpiredLinks(careful.ctx)).toBe(0);
    await links.clone().update({ expires_at: new Date(Date.now() - 1000) });
    await expect(confirmEmail(careful.ctx, NOBODY, secret)).rejects.toMatchObject({ code: 'not_found' });
    expect(await forgetExpiredLinks(careful.ctx)).toBe(1);
    expect(await links.clone().select()).toEqual([]);
  });

  it.each(['', 'x', 'A'.repeat(43), `${'A'.repeat(42)}\0`, 'é'.repeat(43)])('is not %j', async (secret) => {
    await expect(confirmEmail(place.ctx, NOBODY, secret)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('an added address', () => {
  beforeEach(async () => {
    await createUser(place.ctx, OPERATOR_ACTOR, { ...ALICE, isActive: true, isAdmin: false, isEmailVerified: true });
    await updateUser(place.ctx, OPERATOR_ACTOR, 'alice', { email: 'new@example.com' });
  });

  it('is mailed a link, is unverified until then, and the former address gets a mail about every change (R164)', async () => {
    const mails = await place.deliverLinks();
    expect(mails).toMatchObject([{ recipients: ['new@example.com'] }]);
    const [old, added] = [{ email: 'alice@example.com', is_primary: true }, { email: 'new@example.com' }];
    expect(await emails(place)).toMatchObject([old, { ...added, is_primary: false, is_verified: false }]);
    const actor = await actorOf(place);
    await expect(setPrimaryEmail(place.ctx, actor, 'new@example.com')).rejects.toMatchObject({ code: 'conflict' });
    const secret = secretIn(mails[0]!);
    expect(await describeConfirmation(place.ctx, secret)).toEqual({ username: 'alice', needsLogin: true });
    await expect(confirmEmail(place.ctx, NOBODY, secret)).rejects.toMatchObject({ code: 'unauthenticated' });
    const oldLogin = { ...actor, proof: 'old_login' } as Actor;
    await expect(confirmEmail(place.ctx, oldLogin, secret)).rejects.toMatchObject({ code: 'password_needed' });
    await confirmEmail(place.ctx, actor, secret);
    expect(await emails(place)).toMatchObject([old, { ...added, is_primary: false, is_verified: true }]);

    await setPrimaryEmail(place.ctx, actor, 'NEW@example.com');
    await setPrimaryEmail(place.ctx, actor, 'new@example.com');
    expect(await emails(place)).toMatchObject([{ is_primary: false }, { is_primary: true }]);
    expect((await getUser(place.ctx, 'alice')).email).toBe('new@example.com');
    expect(await eventsOf(place, 'user.primary_email_changed')).toEqual([
      { actor: 'alice', address: ADDRESS, subject: 'alice' },
    ]);
    expect(noticesIn(await place.deliver())).toEqual([
      'alice@example.com: An email address of your account was confirmed',
      'alice@example.com: The primary address of your account was changed',
      'new@example.com: An email address of your account was confirmed',
      'new@example.com: The primary address of your account was changed',
    ]);
  });

  it('can only be confirmed by its owner, even if another user reads the mail', async () => {
    const robert = { ...ALICE, username: 'robert', email: 'robert@example.com' };
    await createUser(place.ctx, OPERATOR_ACTOR, { ...robert, isActive: true, isAdmin: false, isEmailVerified: true });
    const secret = await mailedSecret(place);
    const reader = await actorOf(place, 'robert');
    await expect(confirmEmail(place.ctx, reader, secret)).rejects.toMatchObject({ code: 'forbidden' });
    await confirmEmail(place.ctx, await actorOf(place), secret);
  });

  it('that is removed gets a mail about it, if it was confirmed', async () => {
    const actor = await actorOf(place);
    await confirmEmail(place.ctx, actor, await mailedSecret(place));
    await place.deliver();
    await removeEmail(place.ctx, { ...actor, address: '192.0.2.7' }, 'alice', 'new@example.com');
    const mails = await place.deliver();
    expect(noticesIn(mails)).toEqual([
      'alice@example.com: An email address was removed from your account',
      'new@example.com: An email address was removed from your account',
    ]);
    expect(mails[0]!.parsed.text).toMatch(
      /^Hello alice,[^]*new@example\.com[^]*When: [-\d]{10} [:\d]{5} UTC\. From: 192\.0\.2\.7\./,
    );
  });

  it('that the account has already gets no mail', async () => {
    await place.deliver();
    await updateUser(place.ctx, OPERATOR_ACTOR, 'alice', { email: 'NEW@example.com' });
    expect(await place.deliver()).toEqual([]);
  });

  it('can get the mail again on request, until it is confirmed', async () => {
    const actor = await actorOf(place);
    const first = await mailedSecret(place);
    await resendConfirmation(place.ctx, actor, 'new@example.com');
    const second = await mailedSecret(place);
    expect(second).not.toBe(first);
    await confirmEmail(place.ctx, actor, second);
    await expect(resendConfirmation(place.ctx, actor, 'new@example.com')).rejects.toMatchObject({ code: 'conflict' });
    await confirmEmail(place.ctx, actor, first); // the older mail may be opened later
    expect(await eventsOf(place, 'user.email_confirmed')).toHaveLength(1);
  });

  it('cannot be resent or made primary by another user', async () => {
    await createUser(place.ctx, OPERATOR_ACTOR, {
      ...ALICE,
      username: 'robert',
      email: 'robert@example.com',
      isActive: true,
      isAdmin: false,
      isEmailVerified: true,
    });
    const robert = await actorOf(place, 'robert');
    for (const email of ['new@example.com', 'alice@example.com', 'nobody@example.com']) {
      await expect(resendConfirmation(place.ctx, robert, email)).rejects.toMatchObject({ code: 'not_found' });
      await expect(setPrimaryEmail(place.ctx, robert, email)).rejects.toMatchObject({ code: 'not_found' });
    }
    await expect(resendConfirmation(place.ctx, robert, 'a\0@example.com')).rejects.toMatchObject({ code: 'invalid' });
    await expect(setPrimaryEmail(place.ctx, robert, 'a\0@example.com')).rejects.toMatchObject({ code: 'invalid' });
    const nobody: Actor = { kind: 'anonymous', address: ADDRESS };
    await expect(setPrimaryEmail(place.ctx, nobody, 'new@example.com')).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('of an account without any becomes the primary one when it is confirmed', async () => {
    const robert = { ...ALICE, username: 'robert', email: undefined, isActive: true, isAdmin: false };
    await place.deliver();
    await createUser(place.ctx, OPERATOR_ACTOR, { ...robert, isEmailVerified: false });
    await updateUser(place.ctx, OPERATOR_ACTOR, 'robert', { email: 'robert@example.com' });
    await confirmEmail(place.ctx, await actorOf(place, 'robert'), await mailedSecret(place));
    expect((await getUser(place.ctx, 'robert')).email).toBe('robert@example.com');
  });
});

describe('asking again without a password', () => {
  it.each(['alice', 'ALICE', 'alice@example.com', 'Alice@Example.com'])('works by %s', async (name) => {
    await register(careful.ctx, ALICE, ADDRESS);
    await careful.deliver();
    await requestConfirmation(careful.ctx, name, ADDRESS);
    await confirmEmail(careful.ctx, NOBODY, await mailedSecret(careful));
    expect(await logIn(careful)).toBeDefined();
  });

  it('sends nothing to accounts that are confirmed, deactivated or unknown', async () => {
    await createUser(place.ctx, OPERATOR_ACTOR, { ...ALICE, isActive: true, isAdmin: false, isEmailVerified: true });
    await register(place.ctx, { ...ALICE, username: 'robert', email: 'robert@example.com' }, ADDRESS);
    await place.deliver();
    await setStatus(place.ctx, OPERATOR_ACTOR, 'robert', { isActive: false });
    for (const name of ['alice', 'robert', 'nobody']) await requestConfirmation(place.ctx, name, ADDRESS);
    expect(await queuedJobs(place.database)).toHaveLength(3);
    expect(await place.deliver()).toEqual([]);
    expect(await queuedJobs(place.database)).toEqual([]);
  });
});

it('an account that adds many addresses cannot make the server send mails to all of them', async () => {
  await createUser(place.ctx, OPERATOR_ACTOR, { ...ALICE, isActive: true, isAdmin: false, isEmailVerified: true });
  const addressOf = (number: number): string => `a${number}@example.com`;
  const add = (number: number) => updateUser(place.ctx, OPERATOR_ACTOR, 'alice', { email: addressOf(number) });
  for (let number = 1; number <= 9; number += 1) await add(number);
  const mailed = (await place.deliverLinks()).length;
  for (let number = 1; number <= 3; number += 1) {
    await removeEmail(place.ctx, OPERATOR_ACTOR, 'alice', addressOf(number));
  }
  for (let number = 10; number <= 12; number += 1) await add(number);
  expect([mailed, (await place.deliverLinks()).length]).toEqual([9, 1]);
  expect(place.logLines.filter((line) => line.includes('link not mailed'))).toHaveLength(2);
});
