import { get } from 'node:http';
import request from 'supertest';
import { jobsOf } from '../../../src/jobs';
import { recordingLogger } from '../../helpers/log-lines';
import { dumpDatabase } from '../../helpers/mail-place';
import { runDueJobs } from '../../helpers/run-jobs';
import { linkIn, startSmtpServer, type ReceivedMail, type TestSmtpServer } from '../../helpers/smtp-server';
import { basic, startTestServer, type TestServer } from '../../helpers/test-server';

const { log, lines } = recordingLogger();
let smtp: TestSmtpServer;
let server: TestServer;
beforeAll(async () => {
  smtp = await startSmtpServer();
  server = await startTestServer({ settings: { confirmationRequired: true }, smtp: smtp.settings, log });
});
afterAll(async () => {
  await server.close();
  await smtp.close();
});

const pathOf = (mail: ReceivedMail): string => new URL(linkIn(mail)).pathname;

async function deliver(): Promise<ReceivedMail[]> {
  const before = smtp.mails.length;
  await runDueJobs(server.database, jobsOf(server.ctx), log);
  return smtp.mails.slice(before);
}

async function deliverOne(): Promise<string> {
  const mails = await deliver();
  expect(mails).toHaveLength(1);
  return pathOf(mails[0]!);
}

const register = (username: string) =>
  request(server.server)
    .post('/v1/users/')
    .send({ username, password: 'secret', email: `${username}@example.com` })
    .expect(201);

const logIn = async (username: string, password: string): Promise<number> =>
  (await request(server.server).get('/v1/users/').set('Authorization', basic(username, password))).status;

const submit = (path: string, fields: Record<string, string> = {}) =>
  request(server.server).post(path).type('form').send(fields);

describe('the whole way', () => {
  it('an engine registers, the mail is opened, the button is pressed, and the engine logs in', async () => {
    await register('alice');
    expect(await logIn('alice', 'secret')).toBe(403);
    const path = await deliverOne();
    for (const look of ['get', 'head', 'get'] as const) await request(server.server)[look](path).expect(200);
    expect(await logIn('alice', 'secret')).toBe(403); // nobody has pressed the button, whichever program has opened the link

    const shown = await request(server.server).get(path).expect('Content-Type', 'text/html; charset=utf-8');
    expect(shown.text).toContain('<strong>alice</strong>');
    expect(shown.text).toMatch(/<form method="post">[^]*<button type="submit">Confirm<\/button>/);
    const pressed = await submit(path).expect(200);
    expect(pressed.text).toContain('You can log in as alice.');
    expect(await logIn('alice', 'secret')).toBe(200);
    expect((await submit(path).expect(404)).text).toContain('has already been used');
    await request(server.server).get(path).expect(404);
  });

  it('a lost mail is sent again', async () => {
    await register('robert');
    await deliverOne();
    await request(server.server)
      .get('/account/confirm')
      .expect(200, /name="account"/);
    await submit('/account/confirm', { account: 'robert' }).expect(200);
    await submit(await deliverOne()).expect(200, /You can log in as robert/);
  });

  it('a forgotten password is replaced', async () => {
    await request(server.server)
      .get('/account/reset/')
      .expect(200, /name="account"/);
    await submit('/account/reset', { account: 'alice@example.com' }).expect(200);
    const path = await deliverOne();
    await request(server.server)
      .get(path)
      .expect(200, /<strong>alice<\/strong>[^]*name="password"/);
    const short = await submit(path, { password: '1234' }).expect(400);
    expect(short.text).toMatch(/role="alert">A password has at least 5[^]*name="password"/);
    expect(short.text).not.toContain('1234');
    await submit(path, { password: 'another <password>' }).expect(200, /You can now log in as alice/);
    expect(await logIn('alice', 'secret')).toBe(401);
    expect(await logIn('alice', 'another <password>')).toBe(200);
    await submit(path, { password: 'another' }).expect(404);
    expect(await deliver()).toMatchObject([{ parsed: { subject: 'Your password was changed' } }]);
  });
});

it.each(['/account/reset', '/account/confirm'])('POST %s answers the same for every name', async (path) => {
  const answers = await Promise.all(
    ['alice', 'nobody', 'nobody@example.com', '<script>'].map((account) => submit(path, { account })),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers[0]!.text).toContain('If the account exists');
});

describe('a form', () => {
  const host = (): string => server.host;
  const ask = (headers: Record<string, string>) =>
    submit('/account/reset', { account: 'nobody' }).set('X-Forwarded-For', '192.0.2.1').set(headers);

  it.each([
    ['cross-site', undefined],
    ['same-site', undefined],
    [undefined, 'https://evil.example.com'],
    [undefined, 'null'],
    [undefined, 'http://hub.example.com:1'],
    ['cross-site', 'ours'],
  ])('from another site is refused: %s, %s', async (site, origin) => {
    const headers = {
      ...(site === undefined ? {} : { 'Sec-Fetch-Site': site }),
      ...(origin === undefined ? {} : { Origin: origin === 'ours' ? `http://${host()}` : origin }),
    };
    await ask(headers).expect(403, /from a page of (?:another site|http)/);
  });

  it('from one of our pages is accepted, and so is one without a browser', async () => {
    await ask({ 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }).expect(200);
    await ask({ 'Sec-Fetch-Site': 'none' }).expect(200); // sent again by hand, such as from a tab that was closed
    await ask({ Origin: `http://${host()}` }).expect(200);
    await ask({}).expect(200);
  });

  it('must be a form with all its fields', async () => {
    await request(server.server)
      .post('/account/reset')
      .send({ account: 'alice' })
      .expect(400, /not a valid form/);
    await submit('/account/reset', {}).expect(400);
    await submit('/account/reset', { account: '' }).expect(400, /The username or email address is missing/);
    await submit('/account/reset', { account: 'x'.repeat(600_000) }).expect(413);
  });
});

describe('every page', () => {
  const paths = [
    '/account/reset',
    '/account/confirm',
    '/account/reset/unknown',
    '/account/nothing',
    '/account/confirm/%zz',
  ];

  it.each(paths)('%s has strict headers, and nothing inline', async (path) => {
    const { headers, text } = await request(server.server).get(path).set('Accept', 'text/html');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe-inline');
    expect(headers).toMatchObject({ 'referrer-policy': 'same-origin', 'x-content-type-options': 'nosniff' });
    expect(headers['cache-control']).toMatch(/^no-(store|cache)$/);
    expect(text).not.toMatch(
      /<script(?! type="module" src="\/static\/[0-9a-f]{12}\/drydock\.js"><\/script>)|<style|style=| on[a-z]+=/,
    );
  });

  it('that does not exist is a 404, and one with another method a 405', async () => {
    await request(server.server)
      .get('/account')
      .set('Accept', 'text/html')
      .expect(404, /page does not exist/);
    await request(server.server).put('/account/reset').expect(405).expect('Allow', 'GET, HEAD, POST, OPTIONS');
  });

  it('escapes its values', async () => {
    const { text } = await request(server.server).get('/account/confirm/<script>').expect(404);
    expect(text).not.toContain('<script>');
  });
});

it('too many requests from one address have to wait', async () => {
  await server.ctx.db('failure_counts').delete();
  for (let time = 1; time <= 20; time += 1) await submit('/account/reset', { account: `n${time}` }).expect(200);
  const refused = await submit('/account/reset', { account: 'another' }).expect(429, /Too many requests/);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
});

it('the secrets of all these mails are nowhere in the database, nor in the log of any request', async () => {
  const links = smtp.mails.filter(({ parsed }) => /\/account\/(confirm|reset)\/./.test(parsed.text ?? ''));
  const secrets = links.map((mail) => pathOf(mail).split('/').at(-1) ?? '');
  expect(secrets.length).toBeGreaterThanOrEqual(4);
  await request(server.server).get(`/account/confirm/${secrets[0]}/further?x=${secrets[0]}`).expect(404);
  await request(server.server).get(`/account/confirm/${secrets[0]}%`);
  const asToProxy = `${server.url}/account/confirm/${secrets[0]}`;
  await new Promise((resolve) =>
    get({ port: server.port, path: asToProxy }, (answer) => answer.resume().on('end', resolve)),
  );
  const logged = lines.join('\n');
  const stored = await dumpDatabase(server.database);
  expect(logged).toContain('/account/confirm/:secret');
  for (const secret of secrets) {
    expect(logged).not.toContain(secret);
    expect(stored).not.toContain(secret);
  }
});
