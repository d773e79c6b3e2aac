import request from 'supertest';
import { beginSecondFactor, confirmSecondFactor } from '../../../src/features/accounts/second-factor';
import { actorOf } from '../../helpers/actors';
import { browseAs, Browsing } from '../../helpers/browse';
import { codeOf, wrongCode } from '../../helpers/second-factor';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert', 'carol']) await addUser(server, username);
  await addUser(server, 'sleeper', { isActive: false });
});
afterAll(() => server.close());
beforeEach(() => server.ctx.db('failure_counts').delete());

const ALICE = { username: 'alice', password: 'alicepw' };
const LOGIN = '/account/login/';

const sessionsOf = async (username: string): Promise<number> =>
  (await server.ctx.db('sessions').whereIn('user_id', server.ctx.db('users').where({ username }).select('id'))).length;

const tokenIn = (html: string): string => /name="csrf_token" value="([^"]+)"/.exec(html)?.[1] ?? '';

/** The status of a page for this browser: 200, or 303 to the login. */
const statusOf = async (browser: Browsing): Promise<number> => (await browser.get('/account/settings/')).status;

describe('signing up', () => {
  it('creates an account that is logged in at once, and goes to the page that its owner wanted', async () => {
    const browser = new Browsing(server.server);
    const form = { username: 'newcomer', email: 'newcomer@example.com', password: 'secret', next: '/organizations/' };
    expect(await browser.send('/account/signup/', form)).toMatchObject({ status: 303, location: '/organizations/' });
    expect((await browser.get('/account/settings/')).html).toContain('Welcome, newcomer. Your account was created.');
    expect(await browser.get('/account/signup/')).toMatchObject({ status: 303, location: '/dashboard/' });
  });

  it.each([
    ['a name that is there', { username: 'alice' }, 409, 'This username is taken: choose another one.'],
    ['an address that is there', { email: 'alice@example.com' }, 409, 'An account has this address already.'],
    ['a bad name', { username: 'No Name' }, 400, 'A username has 2 to 255 lowercase letters, digits and underscores'],
    ['a short password', { password: '1234' }, 400, 'A password has at least 5 characters.'],
    ['no address', { email: '' }, 400, 'Enter an email address.'],
  ])(
    'says what is wrong with %s, and keeps what was typed except for the password',
    async (_what, fields, status, text) => {
      const form = { username: 'another', email: 'another@example.com', password: 'secret-<word>', ...fields };
      const { html, ...answer } = await new Browsing(server.server).send('/account/signup/', form);
      expect([answer.status, html]).toEqual([status, expect.stringContaining(text)]);
      expect(html).toContain(`value="${form.username}"`);
      expect(html).toContain(`value="${form.email}"`);
      expect(html).not.toContain('secret-');
    },
  );

  it('says everything that is wrong at once, each at its field', async () => {
    const form = { username: 'Bob', email: 'bob', password: 'x' };
    const { status, html } = await new Browsing(server.server).send('/account/signup/', form);
    expect(status).toBe(400);
    for (const [field, words] of [
      ['username', 'A username has 2 to 255 lowercase letters'],
      ['email', 'An email address looks like me@example.com'],
      ['password', 'A password has at least 5 characters'],
    ] as const) {
      expect(html).toMatch(
        new RegExp(`<input id="${field}"[^>]* aria-describedby="${field}-error[^>]* aria-invalid="true"`),
      );
      expect(html).toMatch(new RegExp(`id="${field}-error">${words}`));
    }
    expect(html).toMatch(/<input id="username"[^>]* pattern="/);
    expect(html).not.toContain('it has to match');
    const taken = await new Browsing(server.server).send('/account/signup/', { ...form, username: 'alice' });
    expect(taken.html).toContain('id="username-error">This username is taken');
    expect(taken.html).toContain('id="password-error">');
  });

  it('is refused if registration is closed, and the page says so', async () => {
    const closed = await startTestServer({ settings: { registrationOpen: false } });
    try {
      const browser = new Browsing(closed.server);
      const { html } = await browser.get('/account/signup/');
      expect(html).toContain('Registration is closed here');
      expect(html).not.toContain('name="password"');
      for (const path of ['/', LOGIN]) expect((await browser.get(path)).html).not.toContain('/account/signup/');
      const form = { username: 'newcomer', email: 'newcomer@example.com', password: 'secret' };
      expect((await browser.send('/account/signup/', form, LOGIN)).status).toBe(403);
      expect(await closed.ctx.db('users').where({ username: 'newcomer' })).toEqual([]);
    } finally {
      await closed.close();
    }
  });

  it('asks for a confirmation of the address first if that is required', async () => {
    const strict = await startTestServer({ settings: { confirmationRequired: true } });
    try {
      const browser = new Browsing(strict.server);
      const form = { username: 'newcomer', email: 'newcomer@example.com', password: 'secret' };
      const { status, html } = await browser.send('/account/signup/', form);
      expect([status, html]).toEqual([200, expect.stringContaining('Confirm your address')]);
      const refused = await browser.send(LOGIN, form);
      expect([refused.status, refused.html]).toEqual([403, expect.stringContaining('This account is not active.')]);
      expect(refused.html).toContain('href="/account/confirm"');
      expect(await statusOf(browser)).toBe(303);
    } finally {
      await strict.close();
    }
  });
});

describe('signing in', () => {
  it('leads back to the page that asked for it', async () => {
    const browser = new Browsing(server.server);
    const wanted = '/account/tokens/?x=1';
    const asked = await browser.get(wanted);
    expect(asked).toMatchObject({ status: 303, location: `/account/login/?next=${encodeURIComponent(wanted)}` });
    expect((await browser.get(asked.location!)).html).toContain('name="next" value="/account/tokens/?x=1"');
    expect(await browser.send(LOGIN, { ...ALICE, next: wanted })).toMatchObject({ status: 303, location: wanted });
    expect((await browser.get(wanted)).status).toBe(200);
    expect(await browser.get(`${LOGIN}?next=/explore/`)).toMatchObject({ status: 303, location: '/explore/' });
  });

  it.each([
    'https://evil.example.com/',
    '//evil.example.com',
    '///evil.example.com',
    String.raw`/\evil.example.com`,
    String.raw`\\evil.example.com`,
    String.raw`/./\evil.example.com`,
    '/.//evil.example.com',
    '/a/..//evil.example.com',
    '/%09/../..//evil.example.com',
    '/\t/evil.example.com',
    '/\n/evil.example.com',
    ' //evil.example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    'evil.example.com',
    '@evil.example.com',
    'http:/\\evil.example.com',
    'http:evil.example.com',
    '/\u2028/evil.example.com',
    '/x\r\nSet-Cookie: a=b',
  ])('leads to no other site: %j', async (next) => {
    const browser = await new Browsing(server.server).send(LOGIN, { ...ALICE, next });
    expect(browser).toMatchObject({ status: 303, location: '/dashboard/' });
    const { html } = await new Browsing(server.server).get(`${LOGIN}?next=${encodeURIComponent(next)}`);
    expect(html).toContain('name="next" value="/dashboard/"');
    const member = await browseAs(server, 'alice');
    const there = await member.get(`${LOGIN}?next=${encodeURIComponent(next)}`);
    expect(there).toMatchObject({ status: 303, location: '/dashboard/' });
  });

  it('says if name and password do not match, and keeps only the name', async () => {
    const browser = new Browsing(server.server);
    for (const username of ['alice', 'nobody']) {
      const { status, html } = await browser.send(LOGIN, { username, password: 'wrong-word', next: '/explore/' });
      expect([status, html]).toEqual([400, expect.stringContaining('Wrong username or password.')]);
      expect(html).toContain(`value="${username}"`);
      expect(html).toContain('name="next" value="/explore/"');
      expect(html).not.toContain('wrong-word');
    }
    expect(await statusOf(browser)).toBe(303);
  });

  it('has to wait after too many wrong passwords', async () => {
    const browser = new Browsing(server.server);
    const wrong = { username: 'robert', password: 'wrong' };
    for (let time = 1; time <= 10; time += 1) expect((await browser.send(LOGIN, wrong)).status).toBe(400);
    const refused = await browser.send(LOGIN, { username: 'robert', password: 'robertpw' });
    expect([refused.status, refused.html]).toEqual([
      429,
      expect.stringMatching(/Too many failed logins\. Try again in \d+ (second|minute)/),
    ]);
    expect(await statusOf(browser)).toBe(303);
  });

  it('is refused to an account that is not active', async () => {
    const { status } = await new Browsing(server.server).send(LOGIN, { username: 'sleeper', password: 'sleeperpw' });
    expect(status).toBe(403);
    expect(await sessionsOf('sleeper')).toBe(0);
  });

  it('creates a new session: an earlier one is not valid afterwards', async () => {
    const before = await browseAs(server, 'robert');
    const planted = before.cookie('drydock_session')!;
    const browser = new Browsing(server.server);
    browser.setCookie('drydock_session', planted);
    const { html } = await browser.get('/account/settings/');
    const sent = await browser.post(LOGIN, { ...ALICE, csrf_token: tokenIn(html) });
    expect(sent.status).toBe(303);
    expect(browser.cookie('drydock_session')).not.toBe(planted);
    expect(await statusOf(before)).toBe(303);
    expect((await browser.get('/account/settings/')).html).toContain('href="/u/alice/"');
  });

  it('accepts no session id that the browser invented', async () => {
    const browser = new Browsing(server.server);
    const madeUp = 'x'.repeat(43);
    browser.setCookie('drydock_session', madeUp);
    expect((await browser.send(LOGIN, ALICE)).status).toBe(303);
    expect(browser.cookie('drydock_session')).not.toBe(madeUp);
  });
});

describe('the token of a form', () => {
  it('is required, and must be from this browser', async () => {
    const [browser, other] = [new Browsing(server.server), new Browsing(server.server)];
    await browser.get(LOGIN);
    const { html } = await other.get(LOGIN);
    for (const token of ['', 'x', tokenIn(html)]) {
      const refused = await browser.post(LOGIN, { ...ALICE, csrf_token: token });
      expect([refused.status, refused.html]).toEqual([403, expect.stringContaining('too old, or cookies are off')]);
    }
    expect((await new Browsing(server.server).post(LOGIN, ALICE)).status).toBe(403);
    expect(await statusOf(browser)).toBe(303);
  });

  it('from before the login is worthless after it, and that of a session worthless in another', async () => {
    const browser = new Browsing(server.server);
    const early = tokenIn((await browser.get(LOGIN)).html);
    await browser.post(LOGIN, { ...ALICE, csrf_token: early });
    const other = tokenIn((await (await browseAs(server, 'alice')).get('/account/settings/')).html);
    for (const token of [early, other, '']) {
      expect((await browser.post('/account/logout/', { csrf_token: token })).status).toBe(403);
    }
    expect(await statusOf(browser)).toBe(200);
  });

  it('is useless from another site', async () => {
    const page = await request(server.server).get(LOGIN);
    const cookie = page.headers['set-cookie']![0]!.split(';')[0]!;
    const form = { ...ALICE, csrf_token: tokenIn(page.text) };
    for (const headers of [{ Origin: 'https://evil.example.com' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      await request(server.server)
        .post(LOGIN)
        .set({ Cookie: cookie, ...headers })
        .type('form')
        .send(form)
        .expect(403);
    }
  });
});

describe('signing out', () => {
  it('ends the session in the database', async () => {
    const browser = await browseAs(server, 'carol');
    const kept = new Browsing(server.server);
    kept.setCookie('drydock_session', browser.cookie('drydock_session')!);
    expect(await sessionsOf('carol')).toBe(1);
    expect((await browser.get('/account/logout/')).status).toBe(405);
    const out = await browser.send('/account/logout/', {}, '/account/settings/');
    expect(out).toMatchObject({ status: 303, location: '/' });
    expect(browser.cookie('drydock_session')).toBeUndefined();
    expect(await sessionsOf('carol')).toBe(0);
    expect(await statusOf(kept)).toBe(303);
  });
});

describe('with a second factor', () => {
  let secret: string;
  let recoveryCodes: string[];
  let username = '';
  let made = 0;
  beforeEach(async () => {
    username = `tester${(made += 1)}`;
    await addUser(server, username);
    const actor = await actorOf(server, username);
    ({ secret } = await beginSecondFactor(server.ctx, actor));
    ({ recoveryCodes } = await confirmSecondFactor(server.ctx, actor, codeOf(secret, -1)));
  });

  const ticketIn = (html: string): string => /name="ticket" value="([^"]+)"/.exec(html)?.[1] ?? '';

  /** Does the first step; resolves to the token and the ticket of the second. */
  const firstStep = async (browser: Browsing) => {
    const given = { username, password: `${username}pw`, next: '/explore/' };
    const { status, html } = await browser.send(LOGIN, given);
    expect([status, html]).toEqual([200, expect.stringContaining('Second step')]);
    return { csrf_token: tokenIn(html), ticket: ticketIn(html), next: '/explore/' };
  };
  const CODE = '/account/login/code/';

  it('asks for a code after the password, and only then begins a session', async () => {
    const browser = new Browsing(server.server);
    const form = await firstStep(browser);
    expect(await statusOf(browser)).toBe(303);
    const wrong = await browser.post(CODE, { ...form, code: wrongCode(secret) });
    expect([wrong.status, wrong.html]).toEqual([400, expect.stringContaining('The code is wrong')]);
    expect(ticketIn(wrong.html)).toBe(form.ticket);
    const code = codeOf(secret);
    expect(await browser.post(CODE, { ...form, code })).toMatchObject({ status: 303, location: '/explore/' });
    expect(await statusOf(browser)).toBe(200);
    const again = new Browsing(server.server);
    expect((await again.post(CODE, { ...(await firstStep(again)), code })).status).toBe(400);
  });

  it('accepts a recovery code once', async () => {
    const code = recoveryCodes[0]!;
    const browser = new Browsing(server.server);
    expect((await browser.post(CODE, { ...(await firstStep(browser)), code })).status).toBe(303);
    const again = new Browsing(server.server);
    expect((await again.post(CODE, { ...(await firstStep(again)), code })).status).toBe(400);
    expect(await statusOf(again)).toBe(303);
  });

  it('leads to no other site after the second step, and accepts no forged ticket', async () => {
    const browser = new Browsing(server.server);
    const form = { ...(await firstStep(browser)), next: '//evil.example.com' };
    for (const ticket of ['', 'x', `${form.ticket.slice(0, -1)}${form.ticket.endsWith('0') ? '1' : '0'}`]) {
      const refused = await browser.post(CODE, { ...form, ticket, code: codeOf(secret) });
      expect([refused.status, refused.html]).toEqual([400, expect.stringContaining('Sign in again')]);
    }
    const done = await browser.post(CODE, { ...form, code: codeOf(secret) });
    expect(done).toMatchObject({ status: 303, location: '/dashboard/' });
  });

  it('has to wait after too many wrong codes', async () => {
    const browser = new Browsing(server.server);
    const form = await firstStep(browser);
    const code = wrongCode(secret);
    for (let time = 1; time <= 10; time += 1) expect((await browser.post(CODE, { ...form, code })).status).toBe(400);
    expect((await browser.post(CODE, { ...form, code: codeOf(secret) })).status).toBe(429);
  });
});
