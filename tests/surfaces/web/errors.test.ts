import request from 'supertest';
import { MAIL_LIMITS } from '../../../src/features/accounts/mail-limits';
import { browseAs, Browsing } from '../../helpers/browse';
import { recordingLogger } from '../../helpers/log-lines';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const { log, lines } = recordingLogger();
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ log });
  await addUser(server, 'alice');
});
afterAll(() => server.close());

const visit = (path: string) => request(server.server).get(path).set('Accept', 'text/html,application/xhtml+xml');

describe('an unknown address', () => {
  it('is a page for browsers, with links to go on and the number of the request', async () => {
    const { status, text, headers } = await visit('/nowhere?a=1&b=2');
    expect([status, headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(text).toContain('<h1>Not found</h1>');
    expect(text).toContain(`<code>${headers['x-request-id']}</code>`);
    expect(text).toContain('href="/account/login/?next=%2Fnowhere%3Fa%3D1%26b%3D2"');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('is a plain 404 for programs', async () => {
    const { status, text, headers } = await request(server.server).get('/nowhere');
    expect([status, text, headers['content-type']]).toEqual([404, '404 page not found\n', 'text/plain']);
  });

  it('offers no sign-in to a visitor who is signed in', async () => {
    const { status, html } = await (await browseAs(server, 'alice')).get('/nowhere');
    expect([status, html.includes('/account/login/')]).toEqual([404, false]);
  });

  it('with broken escapes is a page for browsers, and JSON for programs', async () => {
    const seen = await visit('/u/%zz/');
    expect([seen.status, seen.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8']);
    expect(seen.text).toContain('The address is invalid');
    expect(seen.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(seen.headers).not.toHaveProperty('x-docker-registry-version');
    const { status, body } = await request(server.server).get('/u/%zz/');
    expect([status, body]).toEqual([400, { error: 'Bad request' }]);
  });
});

describe('a page that this visitor may not see', () => {
  it('tells an anonymous visitor that signing in may help', async () => {
    const { status, text } = await visit('/u/nobody_at_all/');
    expect(status).toBe(404);
    expect(text).toContain('No such namespace. If it is private, sign in to see it.');
  });
});

describe('a method that a page does not have', () => {
  it('is a 405 that names the allowed methods', async () => {
    const { status, headers, text } = await request(server.server).post('/explore/').set('Accept', 'text/html');
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect(text).toContain('<h1>Method not allowed</h1>');
  });
});

describe('a form', () => {
  it('from another site is a 403', async () => {
    const asked = request(server.server).post('/account/reset').set('Origin', 'http://evil.example').type('form');
    const { status, text } = await asked.send({ account: 'alice' });
    expect(status).toBe(403);
    expect(text).toContain(
      'This was sent from a page of http://evil.example, but the address of this hub is http://127.0.0.1:',
    );
  });

  it('behind a proxy that drops the port names the setting that fixes it', async () => {
    const asked = request(server.server).post('/account/login/').set({ Host: 'hub.example.com', Accept: 'text/html' });
    const { status, text } = await asked.set('Origin', 'http://hub.example.com:8080').type('form').send({ a: 'b' });
    expect(status).toBe(403);
    expect(text).toContain('but the address of this hub is http://hub.example.com. If http://hub.example.com:8080 is');
    expect(text).toContain('its operator must set DRYDOCK_PUBLIC_URL to it.');
    const api = request(server.server).post('/api/v1.1/session/').set('Host', 'hub.example.com');
    const { body } = await api.set('Origin', 'http://hub.example.com:8080').send({ username: 'alice', password: 'x' });
    expect(body).toMatchObject({ status: 403, detail: expect.stringContaining('DRYDOCK_PUBLIC_URL') });
  });

  it('from an invalid origin is refused without repeating it', async () => {
    for (const headers of [{ Origin: 'http://"><script>' }, { 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'null' }]) {
      const asked = request(server.server)
        .post('/account/reset')
        .set({ ...headers, Accept: 'text/html' });
      const { status, text } = await asked.type('form').send({ account: 'alice' });
      expect([status, text.includes('&gt;&lt;script'), text.includes('"><script>')]).toEqual([403, false, false]);
      expect(text).toContain('This was sent from a page of another site');
      expect(text).toContain('DRYDOCK_PUBLIC_URL');
    }
  });

  it('that is too old is a 403 with a link back to it, and to no other site', async () => {
    const send = (referer: string) =>
      request(server.server)
        .post('/account/reset')
        .set({ Cookie: `drydock_visit=${'a'.repeat(43)}`, Referer: referer })
        .type('form')
        .send({ account: 'alice', csrf_token: 'old' });
    const { status, text } = await send(`${server.url}/account/reset?x=1`);
    expect(status).toBe(403);
    expect(text).toContain('This form is too old');
    expect(text).toContain('<a class="button" href="/account/reset?x=1">Back to the form</a>');
    for (const elsewhere of ['http://evil.example/', `${server.url}//evil.example`, `${server.url}.evil.example/`]) {
      expect((await send(elsewhere)).text).not.toContain('Back to the form');
    }
  });

  it('that was sent too often is a 429 with the time to wait', async () => {
    const ask = () => request(server.server).post('/account/reset').type('form').send({ account: 'nobody' });
    for (let count = 1; count < MAIL_LIMITS.address.failures; count += 1) await ask();
    const { status, headers, text } = await ask();
    expect([status, Number(headers['retry-after']) > 3000]).toEqual([429, true]);
    expect(text).toMatch(/Too many emails were requested\. Try again in (59|60) minutes\./);
  });
});

describe('a fault of the server', () => {
  afterEach(() => server.database.db.raw('alter table if exists gone rename to repository_totals'));

  it('is a 500 with the number of the request, and the cause only in the log', async () => {
    await server.database.db.raw('alter table repository_totals rename to gone');
    const { status, text, headers } = await visit('/explore/');
    const id = String(headers['x-request-id']);
    expect(status).toBe(500);
    expect(text).toContain('<h1>Something went wrong</h1>');
    expect(text).toContain(`<code>${id}</code>`);
    expect(text).not.toMatch(/repository_totals|select|relation|\.ts:|\.js:\d/);
    const logged = lines.map((line) => JSON.stringify(line)).filter((line) => line.includes(id));
    expect(logged.some((line) => line.includes('repository_totals'))).toBe(true);
  });

  it('is the same on the front page', async () => {
    await server.database.db.raw('alter table repository_totals rename to gone');
    expect((await visit('/')).status).toBe(500);
  });
});

describe('without its database,', () => {
  let other: TestServer;
  let browsing: Browsing;
  beforeAll(async () => {
    other = await startTestServer({ log });
    await addUser(other, 'alice');
    browsing = await browseAs(other, 'alice');
    await other.database.db.destroy();
  });
  afterAll(() => other.close());

  it('the hub says so, in the usual frame of a page', async () => {
    const { status, html } = await new Browsing(other.server).get('/explore/');
    expect(status).toBe(503);
    expect(html).toMatch(/The database does not answer\. Try again in 5 seconds\.[^]*href="\/explore\/">\s*Try again/);
  });

  it('the hub says so on a bare page to a visitor whose session it cannot look up', async () => {
    const { status, html } = await browsing.get('/explore/');
    expect(status).toBe(503);
    expect(html).toMatch(/^<!doctype html>[^]*The database of this hub is unavailable[^]*Request <code>/);
  });

  it('files that are the same for everyone are still served', async () => {
    expect((await browsing.get('/robots.txt')).status).toBe(200);
  });
});
