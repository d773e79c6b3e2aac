import { Secret } from 'otpauth';
import request from 'supertest';
import { jobsOf } from '../../../src/jobs';
import { askApi } from '../../helpers/api-client';
import { recordingLogger } from '../../helpers/log-lines';
import { dumpDatabase } from '../../helpers/mail-place';
import { codeOf } from '../../helpers/second-factor';
import { runDueJobs } from '../../helpers/run-jobs';
import { secretIn, startSmtpServer, type TestSmtpServer } from '../../helpers/smtp-server';
import { browseAs } from '../../helpers/browse';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const { log, lines } = recordingLogger();
let smtp: TestSmtpServer;
let server: TestServer;
beforeAll(async () => {
  smtp = await startSmtpServer();
  server = await startTestServer({ smtp: smtp.settings, log });
  for (const username of ['alice', 'robert', 'carol']) await addUser(server, username);
});
afterAll(async () => {
  await server.close();
  await smtp.close();
});

const as = 'alice';
const INVITE = '/api/v1.1/orgs/acme/teams/owners/invitations/';

/** The forms in which a secret could have been stored. */
function formsOf(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret),
    ...(['hex', 'base64'] as const).map((to) => Buffer.from(secret).toString(to)),
  ];
}

/** Everything that was stored until now. */
async function everything(): Promise<string> {
  return [await dumpDatabase(server.database), ...lines].join('\n');
}

async function mailedSecret(): Promise<string> {
  await runDueJobs(server.database, jobsOf(server.ctx), log);
  return secretIn(smtp.mails.at(-1)!);
}

it('secrets of access tokens, invitations and new passwords are neither in the database nor in the log', async () => {
  const made = await askApi(server, 'post', '/api/v1.1/users/alice/tokens/', { as, body: { name: 'laptop' } });
  await askApi(server, 'post', '/api/v1.1/orgs/', { as, body: { name: 'acme' } });
  await askApi(server, 'put', '/api/v1.1/orgs/acme/robots/ci/', { as });
  const tokens = '/api/v1.1/orgs/acme/robots/ci/tokens/';
  const robots = await askApi(server, 'post', tokens, { as, body: { name: 'build' } });
  await askApi(server, 'post', INVITE, { as, body: { username: 'robert' } });
  const texts = [await everything()];
  const first = await mailedSecret();
  await askApi(server, 'post', INVITE, { as, body: { email: 'new@example.org' } });
  const second = await mailedSecret();
  await askApi(server, 'post', '/api/v1.1/password/reset/', { body: { username: 'carol' } });
  const reset = await mailedSecret();
  texts.push(await everything());

  // All of them are used, correctly and wrongly.
  for (const [username, token] of [
    ['alice', made.body.token],
    ['acme+ci', robots.body.token],
    ['robert', made.body.token],
  ]) {
    const headers = { Authorization: basic(username, token) };
    await askApi(server, 'get', '/api/v1.1/orgs/', { headers });
    await request(server.server).get('/v1/users/').set(headers);
  }
  await request(server.server).get(`/account/invitation/${first}`).expect(200);
  await request(server.server).get(`/account/invitation/${first}/further?x=${first}`).expect(404);
  const robert = await browseAs(server, 'robert');
  const joined = await robert.send(`/account/invitation/${first}`, {});
  expect(joined.html).toContain('You have joined');
  const accept = '/api/v1.1/invitations/accept/';
  expect((await askApi(server, 'post', accept, { as: 'carol', body: { secret: second } })).status).toBe(200);
  expect((await askApi(server, 'post', accept, { as: 'carol', body: { secret: second } })).status).toBe(404);
  const body = { secret: reset, password: 'another one' };
  expect((await askApi(server, 'post', '/api/v1.1/password/reset/confirm/', { body })).status).toBe(200);
  texts.push(await everything());

  expect(texts.at(-1)).toContain('/account/invitation/:secret');
  expect(texts.at(-1)).toContain('laptop'); // the dump contains the data
  const secrets: string[] = [made.body.token, robots.body.token, first, second, reset];
  expect(new Set(secrets).size).toBe(5);
  const forms = secrets.flatMap(formsOf);
  expect(texts.map((text) => forms.filter((each) => text.includes(each)))).toEqual([[], [], []]);
});

it('neither the secret of a second factor nor its recovery codes are in the database or in the log', async () => {
  const path = '/api/v1.1/users/dora/second-factor/';
  await addUser(server, 'dora');
  const { secret } = (await askApi(server, 'post', path, { as: 'dora' })).body;
  const texts = [await everything()];
  const on = await askApi(server, 'put', path, { as: 'dora', body: { code: codeOf(secret) } });
  const codes: string[] = on.body.recovery_codes;
  expect(codes).toHaveLength(10);
  const given = { username: 'dora', password: 'dorapw' };
  for (const code of [codes[0], codes[0], secret]) {
    await askApi(server, 'post', '/api/v1.1/session/', { body: { ...given, code } });
  }
  texts.push(await everything());
  expect(texts.at(-1)).toContain('second_factor.turned_on');
  const plain = [...codes, ...codes.map((code) => code.replaceAll('-', ''))];
  const raw = Secret.fromBase32(secret as string);
  const forms = [secret as string, ...plain].flatMap(formsOf).concat(raw.hex, raw.hex.toLowerCase());
  expect(texts.map((text) => forms.filter((each) => text.includes(each)))).toEqual([[], []]);
});
