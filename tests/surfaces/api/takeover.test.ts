import request from 'supertest';
import { jobsOf } from '../../../src/jobs';
import { askApi, logIn } from '../../helpers/api-client';
import { accessTokenOf } from '../../helpers/oauth';
import { makeJobsDue, runDueJobs } from '../../helpers/run-jobs';
import { codeOf } from '../../helpers/second-factor';
import { startSmtpServer, type TestSmtpServer } from '../../helpers/smtp-server';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

/* The ways in which a program with email_write, or a stolen session, could take over an account, step by step. */

let server: TestServer;
let smtp: TestSmtpServer;
beforeEach(async () => {
  smtp = await startSmtpServer();
  server = await startTestServer({ smtp: smtp.settings });
  await addUser(server, 'alice');
});
afterEach(async () => {
  await server.close();
  await smtp.close();
});

const MINE = 'mallory@example.net';
const EMAILS = '/api/v1.1/users/alice/emails/';

/** Sends every mail that waits, and returns those to the address. */
async function mailsFor(address: string): Promise<string[]> {
  await makeJobsDue(server.database);
  await runDueJobs(server.database, jobsOf(server.ctx));
  return smtp.mails.filter(({ recipients }) => recipients.includes(address)).map(({ parsed }) => parsed.text ?? '');
}

function secretIn(mails: readonly string[], purpose: 'confirm' | 'reset'): string {
  const pattern = new RegExp(`/account/${purpose}/([\\w-]{43})`);
  return mails.map((text) => pattern.exec(text)?.[1]).find((secret) => secret !== undefined) ?? 'x'.repeat(43);
}

type Headers = Readonly<Record<string, string>>;

/** The attack from a security review, which goes on whatever the answers are; returns the status of each step. */
async function attack(headers: Headers): Promise<Record<string, number>> {
  const ask = async (method: 'post' | 'put' | 'delete', path: string, body: unknown, sent: Headers = headers) =>
    (await askApi(server, method, path, { headers: sent, body })).status;
  const added = await ask('post', EMAILS, { email: MINE });
  const asked = await ask('post', `${EMAILS}confirm/`, { email: MINE });
  const secret = secretIn(await mailsFor(MINE), 'confirm');
  const confirmed = await ask('post', '/api/v1.1/emails/confirm/', { secret }, {});
  const primary = await ask('put', `${EMAILS}primary/`, { email: MINE });
  const removed = await ask('delete', EMAILS, { email: 'alice@example.com' });
  await ask('post', '/api/v1.1/password/reset/', { username: 'alice' }, {});
  const reset = secretIn(await mailsFor(MINE), 'reset');
  const password = { secret: reset, password: 'mallorys own' };
  const taken = await ask('post', '/api/v1.1/password/reset/confirm/', password, {});
  return { added, asked, confirmed, primary, removed, taken };
}

async function passwordIsStill(password: string): Promise<boolean> {
  const credentials = Buffer.from(`alice:${password}`).toString('base64');
  return (await request(server.server).get('/v1/users').set('Authorization', `Basic ${credentials}`)).status === 200;
}

/** Makes every login eleven minutes older. */
async function ageLogins(): Promise<void> {
  await server.database.db.raw(`update sessions set authenticated_at = now() - interval '11 minutes'`);
}

it('a program with email_write gets no further than reading (R161)', async () => {
  const token = await accessTokenOf(server, 'alice', 'profile_read profile_write email_read email_write');
  const steps = await attack({ Authorization: `Bearer ${token}` });
  expect([steps, await passwordIsStill('alicepw')]).toEqual([
    { added: 403, asked: 403, confirmed: 404, primary: 403, removed: 403, taken: 404 },
    true,
  ]);
});

it('a session that is older than ten minutes cannot take over the account without the password (R161)', async () => {
  const session = await logIn(server, 'alice');
  await ageLogins();
  const steps = await attack(session);
  expect([steps, await passwordIsStill('alicepw')]).toEqual([
    { added: 403, asked: 404, confirmed: 404, primary: 403, removed: 403, taken: 404 },
    true,
  ]);
});

it('a session alone can neither turn on the second factor nor end the sessions of the owner (R161)', async () => {
  const stolen = await logIn(server, 'alice');
  const owners = await logIn(server, 'alice');
  await ageLogins();
  const factor = '/api/v1.1/users/alice/second-factor/';
  const begun = await askApi(server, 'post', factor, { headers: stolen });
  const secret = (begun.body as { secret?: string }).secret ?? 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  const on = await askApi(server, 'put', factor, { headers: stolen, body: { code: codeOf(secret) } });
  const ended = await askApi(server, 'delete', '/api/v1.1/users/alice/sessions/', { headers: stolen });
  const left = await askApi(server, 'get', '/api/v1.1/session/', { headers: owners });
  expect([begun.status, on.status, ended.status, left.status]).toEqual([403, 403, 403, 200]);
});
