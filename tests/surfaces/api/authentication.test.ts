import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { listEvents } from '../../../src/features/audit/audit';
import { forgetSessions, SESSION_SECONDS } from '../../../src/features/accounts/sessions';
import { updateUser } from '../../../src/features/accounts/users';
import { trustProxies } from '../../../src/platform/http/client-address';
import { askApi, logIn } from '../../helpers/api-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'root', { isAdmin: true });
  await addUser(server, 'sleeper', { isActive: false });
});
afterAll(() => server.close());

const ALICE = '/api/v1.1/users/alice/';
const SESSION = '/api/v1.1/session/';

describe('Basic', () => {
  it.each([
    ['the right password', basic('alice'), 200],
    ['a name in capitals', basic('ALICE', 'alicepw'), 200],
    ['a wrong password', basic('alice', 'wrong'), 401],
    ['nobody', basic('nobody'), 401],
    ['no name at all', 'Basic Og==', 401],
    ['an account that is not active', basic('sleeper'), 403],
    ['a word that is no scheme', 'Magic YWxpY2U6YWxpY2Vwdw==', 401],
    ['a token of the v1 protocol', 'Token signature=0,repository="a/b",access=read', 401],
    ['a Bearer token that is none', 'Bearer nonsense', 401],
  ])('%s', async (_what, authorization, status) => {
    const answer = await askApi(server, 'get', ALICE, { headers: { Authorization: authorization } });
    expect(answer.status).toBe(status);
    expect(answer.headers['www-authenticate']).toBe(
      status === 401 ? 'Basic realm="Drydock", charset="UTF-8", Bearer realm="Drydock"' : undefined,
    );
  });

  it('is refused with a wrong password even if none is needed', async () => {
    const headers = { Authorization: basic('alice', 'wrong') };
    expect((await askApi(server, 'get', '/api/v1.1/search/', { headers })).status).toBe(401);
  });

  it('is answered with 429 and the time to wait after too many wrong passwords', async () => {
    const other = await startTestServer();
    await addUser(other, 'alice');
    const headers = { Authorization: basic('alice', 'wrong') };
    for (let count = 0; count < 10; count += 1) await askApi(other, 'get', ALICE, { headers });
    const answer = await askApi(other, 'get', ALICE, { headers });
    expect([answer.status, answer.body.code]).toEqual([429, 'busy']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await other.close();
  });
});

describe('a login', () => {
  it('sets a cookie that no script and no other site gets, and returns a CSRF token', async () => {
    const body = { username: 'Alice', password: 'alicepw' };
    const answer = await askApi(server, 'post', SESSION, { body });
    expect(answer.status).toBe(201);
    expect(answer.headers['set-cookie']![0]).toMatch(
      new RegExp(`^drydock_session=[A-Za-z0-9_-]{43}; Path=/; Max-Age=${SESSION_SECONDS}; HttpOnly; SameSite=Lax$`),
    );
    expect(answer.body).toMatchObject({ username: 'alice', csrf_token: expect.stringMatching(/^[\w-]{43}$/) });
  });

  it('is secure over https, as the public URL or a trusted proxy says', async () => {
    const body = { username: 'alice', password: 'alicepw' };
    const headers = { 'X-Forwarded-Proto': 'https' };
    const cookieOf = async (settings: Parameters<typeof startTestServer>[0]) => {
      const other = await startTestServer(settings);
      await addUser(other, 'alice');
      const answer = await askApi(other, 'post', SESSION, { body, headers });
      await other.close();
      return answer.headers['set-cookie']![0];
    };
    expect(await cookieOf({ settings: { publicUrl: 'https://hub.example.com' } })).toMatch(/; Secure$/);
    expect(await cookieOf({ settings: { trustsProxy: trustProxies(['loopback']) } })).toMatch(/; Secure$/);
    expect(await cookieOf({})).not.toMatch(/Secure/);
  });

  it.each([
    ['a wrong password', { username: 'alice', password: 'wrong' }, 401],
    ['an account that is not active', { username: 'sleeper', password: 'sleeperpw' }, 403],
    ['no password', { username: 'alice' }, 400],
  ])('with %s fails', async (_what, body, status) => {
    const answer = await askApi(server, 'post', SESSION, { body });
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it.each([
    ['Sec-Fetch-Site', 'cross-site'],
    ['Sec-Fetch-Site', 'same-site'],
    ['Origin', 'https://elsewhere.example.com'],
    ['Origin', 'null'],
  ])('from a page of another site is refused (%s: %s)', async (header, value) => {
    const body = { username: 'alice', password: 'alicepw' };
    expect((await askApi(server, 'post', SESSION, { body, headers: { [header]: value } })).status).toBe(403);
  });

  it('ends the session that the browser had, and begins one with another secret', async () => {
    const first = await logIn(server, 'robert');
    const second = await logIn(server, 'robert', { Cookie: first.Cookie });
    expect(second.Cookie).not.toBe(first.Cookie);
    expect((await askApi(server, 'get', SESSION, { headers: first })).status).toBe(401);
    expect((await askApi(server, 'get', SESSION, { headers: second })).status).toBe(200);
  });

  it('is recorded, and so is its end; the secret is nowhere in the database', async () => {
    await addUser(server, 'recorded');
    const browser = await logIn(server, 'recorded');
    await askApi(server, 'delete', SESSION, { headers: browser });
    const events = await listEvents(server.ctx, { subject: 'recorded', limit: 10 });
    expect(events.map(({ action, actor, address }) => [action, actor, address])).toEqual([
      ['session.ended', 'recorded', '127.0.0.1'],
      ['session.started', 'recorded', '127.0.0.1'],
      ['login.ok', 'recorded', '127.0.0.1'],
      ['user.created', 'operator', 'command line'],
    ]);
    const again = await logIn(server, 'recorded');
    const { rows } = await server.ctx.db.raw('select sessions::text as row from sessions');
    const secret = again.Cookie.split('=')[1]!;
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(secret).toString('hex'));
  });
});

describe('a session', () => {
  it('acts for its account', async () => {
    const browser = await logIn(server, 'alice');
    const answer = await askApi(server, 'get', ALICE, { headers: browser });
    expect([answer.status, answer.body.username]).toEqual([200, 'alice']);
    const session = await askApi(server, 'get', SESSION, { headers: browser });
    expect(session.body).toMatchObject({ username: 'alice', csrf_token: browser['X-CSRF-Token'] });
  });

  it('counts less than an Authorization header', async () => {
    const browser = await logIn(server, 'alice');
    const answer = await askApi(server, 'get', '/api/v1.1/users/robert/', { as: 'robert', headers: browser });
    expect([answer.status, answer.body.username]).toEqual([200, 'robert']);
  });

  it.each(['nonsense', 'A'.repeat(43), ''])('is unknown with the secret "%s"', async (secret) => {
    const headers = { Cookie: `other=1; drydock_session=${secret}` };
    expect((await askApi(server, 'get', ALICE, { headers })).status).toBe(401);
    expect((await askApi(server, 'get', '/api/v1.1/search/', { headers })).status).toBe(200);
  });

  it('is needed for its own endpoint: a password is not enough', async () => {
    expect((await askApi(server, 'get', SESSION, { as: 'alice' })).status).toBe(401);
    expect((await askApi(server, 'delete', SESSION, { as: 'alice' })).status).toBe(401);
  });

  it('can change something only with its CSRF token, and from one of our pages', async () => {
    const { Cookie, 'X-CSRF-Token': token } = await logIn(server, 'alice');
    const other = await logIn(server, 'alice');
    const change = async (headers: Record<string, string>) =>
      (await askApi(server, 'patch', ALICE, { headers: { Cookie, ...headers }, body: { company: 'Acme' } })).status;
    const own = `http://${server.host}`;
    expect(await change({})).toBe(403);
    expect(await change({ 'X-CSRF-Token': 'nonsense' })).toBe(403);
    expect(await change({ 'X-CSRF-Token': other['X-CSRF-Token'] })).toBe(403);
    expect(await change({ 'X-CSRF-Token': token, 'Sec-Fetch-Site': 'cross-site' })).toBe(403);
    expect(await change({ 'X-CSRF-Token': token, Origin: 'https://elsewhere.example.com' })).toBe(403);
    expect(await change({ 'X-CSRF-Token': token })).toBe(200);
    expect(await change({ 'X-CSRF-Token': token, Origin: own, 'Sec-Fetch-Site': 'same-origin' })).toBe(200);
  });

  it('ends with a logout, and the browser forgets it', async () => {
    const browser = await logIn(server, 'alice');
    const answer = await askApi(server, 'delete', SESSION, { headers: browser });
    expect(answer.status).toBe(204);
    expect(answer.headers['set-cookie']).toEqual(['drydock_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax']);
    expect((await askApi(server, 'get', ALICE, { headers: browser })).status).toBe(401);
  });

  it('ends with a new password', async () => {
    await addUser(server, 'changer');
    const browser = await logIn(server, 'changer');
    await updateUser(server.ctx, OPERATOR_ACTOR, 'changer', { password: 'another' });
    expect((await askApi(server, 'get', SESSION, { headers: browser })).status).toBe(401);
  });

  it('reports that its account is no longer active', async () => {
    await addUser(server, 'leaver');
    const browser = await logIn(server, 'leaver');
    await server.ctx.db('users').where({ username: 'leaver' }).update({ is_active: false });
    expect((await askApi(server, 'get', SESSION, { headers: browser })).status).toBe(403);
  });

  it('ends after two weeks, and is forgotten', async () => {
    await addUser(server, 'sleepy');
    const browser = await logIn(server, 'sleepy');
    await server.ctx.db.raw(
      `update sessions set expires_at = now() - interval '1 second'
       where user_id = (select id from users where username = 'sleepy')`,
    );
    expect((await askApi(server, 'get', SESSION, { headers: browser })).status).toBe(401);
    const count = async () =>
      Number((await server.ctx.db('sessions').where('expires_at', '<', new Date()).count())[0]!['count']);
    expect(await count()).toBe(1);
    await forgetSessions(server.ctx);
    expect(await count()).toBe(0);
    expect((await askApi(server, 'get', ALICE, { headers: await logIn(server, 'alice') })).status).toBe(200);
  });

  it('records when it was last seen, once in five minutes', async () => {
    await addUser(server, 'visitor');
    const browser = await logIn(server, 'visitor');
    const seen = async () => (await server.ctx.db('sessions').orderBy('id', 'desc').first()).last_seen_at as Date;
    const first = await seen();
    await askApi(server, 'get', SESSION, { headers: browser });
    expect(await seen()).toEqual(first);
    await server.ctx.db.raw(`update sessions set last_seen_at = now() - interval '6 minutes'`);
    await askApi(server, 'get', SESSION, { headers: browser });
    expect((await seen()).getTime()).toBeGreaterThanOrEqual(first.getTime());
  });
});

describe('/users/:username/sessions/', () => {
  it('lists the sessions of an account, and ends all others', async () => {
    await addUser(server, 'traveller');
    const [home, away] = [await logIn(server, 'traveller', { 'User-Agent': 'home' }), await logIn(server, 'traveller')];
    const path = '/api/v1.1/users/traveller/sessions/';
    const { body } = await askApi(server, 'get', path, { headers: home });
    expect(
      body.results.map((one: Record<string, unknown>) => [one['address'], one['user_agent'], one['is_current']]),
    ).toEqual([
      ['127.0.0.1', '', false],
      ['127.0.0.1', 'home', true],
    ]);
    expect((await askApi(server, 'get', path, { as: 'alice' })).status).toBe(403);
    expect((await askApi(server, 'delete', path, { as: 'alice' })).status).toBe(403);
    expect((await askApi(server, 'delete', path, { headers: home })).status).toBe(204);
    expect((await askApi(server, 'get', SESSION, { headers: home })).status).toBe(200);
    expect((await askApi(server, 'get', SESSION, { headers: away })).status).toBe(401);
    expect((await askApi(server, 'delete', path, { as: 'root' })).status).toBe(204);
    expect((await askApi(server, 'get', SESSION, { headers: home })).status).toBe(401);
  });

  it('ends one of them, and none of another user', async () => {
    await addUser(server, 'nomad');
    const [here, lost] = [await logIn(server, 'nomad'), await logIn(server, 'nomad')];
    const path = '/api/v1.1/users/nomad/sessions/';
    const { body } = await askApi(server, 'get', path, { headers: lost });
    const id = body.results.find((one: Record<string, unknown>) => one['is_current'])['id'] as number;
    expect((await askApi(server, 'delete', `${path}${id}/`, { as: 'alice' })).status).toBe(403);
    const foreign = `/api/v1.1/users/alice/sessions/${id}/`;
    expect((await askApi(server, 'delete', foreign, { as: 'alice' })).status).toBe(404);
    expect((await askApi(server, 'delete', `${path}${id}/`, { headers: here })).status).toBe(204);
    expect((await askApi(server, 'get', SESSION, { headers: lost })).status).toBe(401);
    expect((await askApi(server, 'get', SESSION, { headers: here })).status).toBe(200);
    expect((await askApi(server, 'delete', `${path}${id}/`, { headers: here })).status).toBe(404);
  });

  it('keeps the hundred newest', async () => {
    await addUser(server, 'collector');
    const first = await logIn(server, 'collector');
    await server.ctx.db.raw(
      `insert into sessions (secret_hash, user_id, credentials_epoch, expires_at, address, user_agent)
       select sha256(n::text::bytea), u.id, 0, now() + interval '1 day', '', '' from generate_series(1, 99) n, users u
       where u.username = 'collector'`,
    );
    expect((await askApi(server, 'get', SESSION, { headers: first })).status).toBe(200);
    await logIn(server, 'collector');
    expect((await askApi(server, 'get', SESSION, { headers: first })).status).toBe(401);
    const { body } = await askApi(server, 'get', '/api/v1.1/users/collector/sessions/', { as: 'collector' });
    expect(body.count).toBe(100);
  });
});
