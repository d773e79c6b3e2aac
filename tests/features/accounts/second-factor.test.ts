import request from 'supertest';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { confirmLogin } from '../../../src/features/accounts/confirm-login';
import { verifyPassword } from '../../../src/features/accounts/credentials';
import { finishLogIn, logIn } from '../../../src/features/accounts/login';
import { createAccountToken } from '../../../src/features/accounts/own-access-tokens';
import {
  beginSecondFactor,
  confirmSecondFactor,
  renewRecoveryCodes,
  secondFactorOf,
  turnOffSecondFactor,
} from '../../../src/features/accounts/second-factor';
import { findSession } from '../../../src/features/accounts/sessions';
import { updateUser } from '../../../src/features/accounts/users';
import { listEvents } from '../../../src/features/audit/audit';
import { actorOf } from '../../helpers/actors';
import { queuedJobs } from '../../helpers/run-jobs';
import { codeOf, wrongCode } from '../../helpers/second-factor';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const BROWSER = { address: '::1', userAgent: 'a browser' };
const GIVEN = { username: 'alice', password: 'alicepw' };

let server: TestServer;
let alice: Actor;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  alice = await actorOf(server, 'alice');
});
afterEach(() => server.close());

async function sessionActor(code?: string) {
  const login = await logIn(server.ctx, { ...GIVEN, code }, BROWSER);
  if (login.kind !== 'done') throw new Error(`the login ended with ${login.kind}`);
  const found = await findSession(server.ctx, login.secret);
  if (found === undefined) throw new Error('the session has ended');
  const actor: Actor = { kind: 'user', proof: 'password', identity: found.identity, address: '::1' };
  return { actor, id: login.session.id, secret: login.secret };
}

/** Turns it on with the code of the previous step, so that the current one is still good. */
async function turnOn() {
  const { secret } = await beginSecondFactor(server.ctx, alice);
  const { recoveryCodes } = await confirmSecondFactor(server.ctx, alice, codeOf(secret));
  return { secret, recoveryCodes };
}

it('is on after a code of the app, and not before', async () => {
  const { uri, secret } = await beginSecondFactor(server.ctx, alice);
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  expect(uri).toMatch(/^otpauth:\/\/totp\/Drydock:alice\?/);
  expect(uri).toContain(`secret=${secret}`);
  await expect(confirmSecondFactor(server.ctx, alice, wrongCode(secret))).rejects.toMatchObject({ code: 'invalid' });
  expect(await secondFactorOf(server.ctx, alice)).toEqual({ isOn: false, since: undefined, recoveryCodesLeft: 0 });
  const { recoveryCodes } = await confirmSecondFactor(server.ctx, alice, codeOf(secret));
  expect(new Set(recoveryCodes).size).toBe(10);
  const { actor } = await sessionActor(recoveryCodes[0]);
  expect(await secondFactorOf(server.ctx, actor)).toMatchObject({ isOn: true, recoveryCodesLeft: 9 });
  await expect(beginSecondFactor(server.ctx, actor)).rejects.toMatchObject({ code: 'conflict' });
});

it('can begin again until it is on, and only the newest secret is good', async () => {
  const first = await beginSecondFactor(server.ctx, alice);
  const second = await beginSecondFactor(server.ctx, alice);
  await expect(confirmSecondFactor(server.ctx, alice, codeOf(first.secret))).rejects.toMatchObject({ code: 'invalid' });
  await confirmSecondFactor(server.ctx, alice, codeOf(second.secret));
});

it('ends everything that the password opened before, except the session that turned it on', async () => {
  const kept = await sessionActor();
  const other = await sessionActor();
  const pull = () => request(server.server).get('/v1/search?q=x').set('Authorization', basic('alice'));
  await pull().expect(200); // remembered from here on
  const { secret } = await beginSecondFactor(server.ctx, kept.actor);
  await confirmSecondFactor(server.ctx, kept.actor, codeOf(secret), kept.id);
  expect((await findSession(server.ctx, kept.secret))?.account.username).toBe('alice');
  expect(await findSession(server.ctx, other.secret)).toBeUndefined();
  await pull().expect(401);
  expect(await verifyPassword(server.ctx, 'alice', 'alicepw', '::1')).toBeUndefined();
});

it('leaves v1 to access tokens, and refuses the right password like a wrong one', async () => {
  const { secret: token } = await createAccountToken(server.ctx, alice, 'alice', { name: 'laptop', access: 'write' });
  await turnOn();
  const users = (password: string) =>
    request(server.server).get('/v1/users/').set('Authorization', basic('alice', password));
  const right = await users('alicepw');
  const wrong = await users('wrong');
  expect([right.status, right.text]).toEqual([401, wrong.text]);
  const headers = ({ headers: all }: request.Response) =>
    Object.entries(all as Record<string, string>).filter(([name]) => !['date', 'x-request-id'].includes(name));
  expect([right.status, headers(right)]).toEqual([wrong.status, headers(wrong)]);
  await users(token).expect(200, '"OK"');
  const push = (password: string) =>
    request(server.server).put('/v1/repositories/alice/app/').set('Authorization', basic('alice', password)).send('[]');
  await push('alicepw').expect(401);
  await push(token).expect(200);
});

it('does not accept a login without its second step for Basic', async () => {
  await turnOn();
  expect(await logIn(server.ctx, GIVEN, BROWSER)).toMatchObject({ kind: 'code_needed' });
  const search = request(server.server).get('/v1/search?q=x').set('Authorization', basic('alice'));
  await search.expect(401);
});

it('takes a code once, in one step or with a ticket', async () => {
  const { secret } = await turnOn();
  const code = codeOf(secret, 1);
  const first = await logIn(server.ctx, GIVEN, BROWSER);
  if (first.kind !== 'code_needed') throw new Error(first.kind);
  const { ticket } = first;
  expect(await finishLogIn(server.ctx, { ticket, code: wrongCode(secret) }, BROWSER)).toEqual({ kind: 'wrong_code' });
  expect(await finishLogIn(server.ctx, { ticket, code }, BROWSER)).toMatchObject({ kind: 'done', username: 'alice' });
  expect(await finishLogIn(server.ctx, { ticket, code }, BROWSER)).toEqual({ kind: 'wrong_code' });
  expect(await logIn(server.ctx, { ...GIVEN, code }, BROWSER)).toEqual({ kind: 'wrong_code' });
  expect(await logIn(server.ctx, { ...GIVEN, password: 'wrong' }, BROWSER)).toEqual({ kind: 'wrong' });
});

it('accepts a ticket only with its signature, and only while the account is unchanged', async () => {
  const { recoveryCodes } = await turnOn();
  const code = recoveryCodes[0]!;
  const first = await logIn(server.ctx, GIVEN, BROWSER);
  if (first.kind !== 'code_needed') throw new Error(first.kind);
  const [userId, epoch, expires, mac = ''] = first.ticket.split('.');
  for (const ticket of ['', 'x', [userId, epoch, Number(expires) + 1, mac].join('.')]) {
    expect(await finishLogIn(server.ctx, { ticket, code }, BROWSER)).toEqual({ kind: 'expired' });
  }
  await updateUser(server.ctx, OPERATOR_ACTOR, 'alice', { password: 'another password' });
  expect(await finishLogIn(server.ctx, { ticket: first.ticket, code }, BROWSER)).toEqual({ kind: 'expired' });
});

it('takes each recovery code once, however it is written, until there are new ones', async () => {
  const { recoveryCodes } = await turnOn();
  const [first = '', second = '', third = ''] = recoveryCodes;
  const { actor } = await sessionActor(first.toUpperCase().replaceAll('-', ' '));
  expect(await logIn(server.ctx, { ...GIVEN, code: first }, BROWSER)).toEqual({ kind: 'wrong_code' });
  const renewed = await renewRecoveryCodes(server.ctx, actor, second);
  expect(await logIn(server.ctx, { ...GIVEN, code: third }, BROWSER)).toEqual({ kind: 'wrong_code' });
  await sessionActor(renewed.recoveryCodes[0]);
});

it('150 wrong codes at once count as ten tries, and the owner gets a mail that the password is known (R163)', async () => {
  const { secret } = await turnOn();
  const { ctx } = server;
  const first = await logIn(ctx, GIVEN, BROWSER);
  if (first.kind !== 'code_needed') throw new Error(first.kind);
  const guess = { ticket: first.ticket, code: wrongCode(secret) };
  const from = (index: number) => ({ ...BROWSER, address: `2001:db8:${index.toString(16)}::1` });
  const guesses = Array.from({ length: 150 }, (_, index) => finishLogIn(ctx, guess, from(index)));
  const tried = (await Promise.allSettled(guesses)).filter(({ status }) => status === 'fulfilled');
  expect(tried).toEqual(Array(10).fill({ status: 'fulfilled', value: { kind: 'wrong_code' } }));
  const failed = await listEvents(ctx, { action: 'login.failed', limit: 200 });
  expect(failed.filter(({ details }) => details['reason'] === 'code')).toHaveLength(10);
  const told = (await queuedJobs(server.database)).filter(({ name }) => name === 'mail_security_notice');
  expect(told.filter(({ payload }) => (payload as { kind: string }).kind === 'codes_guessed')).toMatchObject([
    { payload: { to: 'alice@example.com', username: 'alice' } },
  ]);
});

it('confirms a session with the password and a code, and with neither alone', async () => {
  const { recoveryCodes } = await turnOn();
  const { secret, id } = await sessionActor(recoveryCodes[0]);
  const isConfirmed = async () => (await findSession(server.ctx, secret))?.session.isConfirmed;
  expect(await isConfirmed()).toBe(true);
  await server.database.db.raw(`update sessions set authenticated_at = now() - interval '10 minutes 1 second'`);
  expect(await isConfirmed()).toBe(false);
  const { userId } = (await findSession(server.ctx, secret))!.account;
  const own = { id, userId, username: 'alice', address: '::1' };
  const confirm = (password: string, code?: string) => confirmLogin(server.ctx, own, { password, code });
  expect(await confirm('wrong', recoveryCodes[1])).toBe('wrong');
  expect(await confirm('alicepw')).toBe('code_needed');
  expect(await confirm('alicepw', recoveryCodes[0])).toBe('wrong_code');
  expect(await isConfirmed()).toBe(false);
  expect(await confirm('alicepw', recoveryCodes[1])).toBe('confirmed');
  expect(await isConfirmed()).toBe(true);
});

it('is limited like passwords, and the right password forgives nothing', async () => {
  const { secret } = await turnOn();
  const code = wrongCode(secret);
  for (let tries = 0; tries < 10; tries += 1) {
    expect(await logIn(server.ctx, { ...GIVEN, code }, BROWSER)).toEqual({ kind: 'wrong_code' });
  }
  await expect(logIn(server.ctx, { ...GIVEN, code: codeOf(secret) }, BROWSER)).rejects.toMatchObject({ code: 'busy' });
});

it('is turned off with a code, or by an operator, and this is recorded', async () => {
  const { recoveryCodes } = await turnOn();
  const { actor } = await sessionActor(recoveryCodes[0]);
  await expect(turnOffSecondFactor(server.ctx, actor, 'alice', { code: 'wrong' })).rejects.toMatchObject({
    code: 'invalid',
  });
  await turnOffSecondFactor(server.ctx, actor, 'alice', { code: recoveryCodes[1]! });
  alice = await actorOf(server, 'alice');
  await expect(turnOffSecondFactor(server.ctx, OPERATOR_ACTOR, 'alice')).rejects.toMatchObject({ code: 'conflict' });
  await turnOn();
  await turnOffSecondFactor(server.ctx, OPERATOR_ACTOR, 'alice');
  await actorOf(server, 'alice');
  const events = await listEvents(server.ctx, { action: 'second_factor', limit: 20 });
  expect(events.map(({ action, actor: by }) => `${action.split('.')[1]} ${by}`)).toEqual([
    'turned_off operator',
    'turned_on alice',
    'begun alice',
    'turned_off alice',
    'turned_on alice',
    'begun alice',
  ]);
});

it('cannot be changed with an access token', async () => {
  const { token } = await createAccountToken(server.ctx, alice, 'alice', { name: 'laptop', access: 'admin' });
  const identity = { userId: alice.kind === 'user' ? alice.identity.userId : 0, credentialsEpoch: 0 };
  const actor: Actor = {
    kind: 'user',
    proof: 'password',
    identity: { ...identity, accessTokenId: token.id },
    address: '::1',
  };
  await expect(beginSecondFactor(server.ctx, actor)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(secondFactorOf(server.ctx, actor)).rejects.toMatchObject({ code: 'forbidden' });
});
