import { jobsOf } from '../../../src/jobs';
import { askApi } from '../../helpers/api-client';
import { withoutNotices } from '../../helpers/notices';
import { runDueJobs } from '../../helpers/run-jobs';
import { secretIn, startSmtpServer, type ReceivedMail, type TestSmtpServer } from '../../helpers/smtp-server';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let smtp: TestSmtpServer;
let server: TestServer;
beforeEach(async () => {
  smtp = await startSmtpServer();
  server = await startTestServer({ smtp: smtp.settings, settings: { confirmationRequired: true } });
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
});
afterEach(async () => {
  await server.close();
  await smtp.close();
});

async function deliver(): Promise<ReceivedMail[]> {
  const before = smtp.mails.length;
  await runDueJobs(server.database, jobsOf(server.ctx));
  return smtp.mails.slice(before);
}

const post = (path: string, body: object, as?: string) =>
  askApi(server, 'post', `/api/v1.1/${path}/`, { body, ...(as === undefined ? {} : { as }) });

const canLogIn = async (username: string, password: string) => {
  const headers = { Authorization: basic(username, password) };
  return (await askApi(server, 'get', `/api/v1.1/users/${username}/`, { headers })).status;
};

describe('/password/reset/', () => {
  it.each([{ username: 'alice' }, { email: 'alice@example.com' }])(
    'mails a secret for a new password: %j',
    async (who) => {
      expect((await post('password/reset', who)).status).toBe(202);
      const [mail] = await deliver();
      const secret = secretIn(mail!);
      expect((await post('password/reset/confirm', { secret, password: 'x' })).status).toBe(400);
      const done = await post('password/reset/confirm', { secret, password: 'another' });
      expect([done.status, done.body]).toEqual([200, { username: 'alice' }]);
      expect((await post('password/reset/confirm', { secret, password: 'a third' })).status).toBe(404);
      expect([await canLogIn('alice', 'alicepw'), await canLogIn('alice', 'another')]).toEqual([401, 200]);
    },
  );

  it('says the same if there is no such account, and mails nobody', async () => {
    expect((await post('password/reset', { username: 'nobody' })).status).toBe(202);
    expect((await post('password/reset', { email: 'no address' })).status).toBe(202);
    expect(await deliver()).toEqual([]);
    expect((await post('password/reset', {})).status).toBe(400);
    expect((await post('password/reset', { username: 'alice', email: 'alice@example.com' })).status).toBe(400);
  });

  it('refuses an address that asks too often for a while', async () => {
    for (let time = 1; time <= 20; time += 1) await post('password/reset', { username: `user${time}` });
    const answer = await post('password/reset', { username: 'alice' });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('/emails/confirm/', () => {
  it('confirms a new account', async () => {
    await post('users', { username: 'carol', password: 'carolpw', email: 'carol@example.com' });
    expect(await canLogIn('carol', 'carolpw')).toBe(403);
    const [mail] = await deliver();
    const done = await post('emails/confirm', { secret: secretIn(mail!) });
    expect([done.status, done.body]).toEqual([200, { username: 'carol', is_active: true }]);
    expect(await canLogIn('carol', 'carolpw')).toBe(200);
    expect((await post('emails/confirm', { secret: secretIn(mail!) })).status).toBe(404);
    expect((await post('emails/confirm', { secret: 'wrong' })).status).toBe(404);
  });
});

describe('an added address', () => {
  const EMAILS = 'users/alice/emails';
  const email = 'new@example.org';
  const setPrimary = (as?: string, address = email) =>
    askApi(server, 'put', `/api/v1.1/${EMAILS}/primary/`, {
      body: { email: address },
      ...(as === undefined ? {} : { as }),
    });

  it('gets a link by mail on demand, and can be the primary one afterwards', async () => {
    await post(EMAILS, { email }, 'alice');
    expect(withoutNotices(await deliver())).toEqual([]);
    expect((await setPrimary('alice')).status).toBe(409);
    expect((await post(`${EMAILS}/confirm`, { email }, 'alice')).status).toBe(202);
    const [mail] = await deliver();
    expect(mail).toMatchObject({ recipients: [email] });
    const secret = secretIn(mail!);
    for (const [as, status] of [
      [undefined, 401],
      ['robert', 403],
      ['alice', 200],
    ] as const) {
      expect((await post('emails/confirm', { secret }, as)).status).toBe(status);
    }
    expect((await post(`${EMAILS}/confirm`, { email }, 'alice')).status).toBe(409);
    for (let time = 1; time <= 2; time += 1) expect((await setPrimary('alice')).status).toBe(204);
    const { body } = await askApi(server, 'get', `/api/v1.1/${EMAILS}/`, { as: 'alice' });
    expect(body).toEqual([
      { email: 'alice@example.com', verified: true, primary: false },
      { email, verified: true, primary: true },
    ]);
  });

  it('is hidden from everyone else, even from administrators', async () => {
    await post(EMAILS, { email }, 'alice');
    for (const [as, status] of [
      ['robert', 403],
      ['root', 403],
      [undefined, 401],
    ] as const) {
      expect((await setPrimary(as)).status).toBe(status);
      expect((await post(`${EMAILS}/confirm`, { email }, as)).status).toBe(status);
    }
    expect((await setPrimary('alice', 'robert@example.com')).status).toBe(404);
    expect((await post(`${EMAILS}/confirm`, { email: 'robert@example.com' }, 'alice')).status).toBe(404);
    expect(withoutNotices(await deliver())).toEqual([]);
  });
});
