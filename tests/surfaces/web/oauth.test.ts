import request from 'supertest';
import { listEvents } from '../../../src/features/audit/audit';
import { logIn } from '../../helpers/api-client';
import { Browsing } from '../../helpers/browse';
import { addClient, allow, answerOf, linkOf, tokenOf, type TestClient } from '../../helpers/oauth';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  client = await addClient(server);
});
afterAll(() => server.close());

function get(link: string, cookie = ''): request.Test {
  return request(server.server).get(link).set('Cookie', cookie).redirects(0);
}

function post(link: string, form: object, headers: Record<string, string> = {}): request.Test {
  return request(server.server).post(link).set(headers).type('form').redirects(0).send(form);
}

describe('GET /o/authorize/ (protocol 6.2)', () => {
  it('sends an anonymous visitor to the login page, and then asks for their permission', async () => {
    const link = linkOf(client, { scope: 'profile_read email_write' });
    const browser = new Browsing(server.server);
    const first = await browser.get(link);
    expect(first).toMatchObject({ status: 303, location: `/account/login/?next=${encodeURIComponent(link)}` });
    const login = { username: 'alice', password: 'alicepw' };
    const { html } = await browser.get(first.location!);
    const next = new RegExp('name="next" value="([^"]+)"').exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(await browser.send('/account/login/', { ...login, next })).toMatchObject({ status: 303, location: link });
    const second = await browser.get(link);
    expect(second.html).toContain('An &lt;app&gt; &amp; more');
    expect(second.html).toContain('You are logged in as alice');
    expect([...second.html.matchAll(/<li>(.*?)<\/li>/g)].map(([, item]) => item)).toEqual([
      'see your profile',
      'nothing more: only you can change your email addresses',
    ]);
  });

  it('asks for profile_read and email_read if the client names no scope', async () => {
    const { Cookie } = await logIn(server, 'alice');
    const { text } = await get(linkOf(client), Cookie);
    expect([...text.matchAll(/<li>(.*?)<\/li>/g)].map(([, item]) => item)).toEqual([
      'see your profile',
      'see your email addresses',
    ]);
  });

  it('has nothing inline, and its form goes only to this site and to the client', async () => {
    const { Cookie } = await logIn(server, 'alice');
    const policy = (form: string) =>
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';" +
      `form-action ${form};base-uri 'none';frame-ancestors 'none'`;
    const error = await get(linkOf(client, { redirect_uri: 'https://evil.example.com/' }), Cookie);
    const consent = await get(linkOf(client), Cookie);
    expect(error.headers['content-security-policy']).toBe(policy("'self'"));
    expect(consent.headers['content-security-policy']).toBe(policy("'self' https://app.example.com"));
    for (const { text, headers } of [error, consent]) {
      expect(text).not.toMatch(/<script(?! type="module" src="\/static\/)|<style|style=| on[a-z]+=/i);
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'same-origin',
      });
    }
  });

  it.each([
    ['no client', { client_id: '' }],
    ['an unknown client', { client_id: '0'.repeat(20) }],
    ['NUL in the client', { client_id: '\0' }],
    ['an address that is not registered', { redirect_uri: 'https://evil.example.com/back' }],
    ['an address that only begins so', { redirect_uri: 'https://app.example.com/back/more' }],
    ['no address', { redirect_uri: '' }],
  ])('redirects nobody for %s', async (_what, more) => {
    for (const answer of [await get(linkOf(client, more)), await post(linkOf(client, more), { step: 'allow' })]) {
      expect([answer.status, answer.type, answer.headers['location']]).toEqual([400, 'text/html', undefined]);
      expect(answer.text).toContain('Invalid request');
    }
  });

  it('knows the redirect URI of a client that has only one', async () => {
    const without = new URLSearchParams({ client_id: client.id, response_type: 'code' });
    const path = `/api/v1.1/o/authorize/?${without.toString()}`;
    const answer = await allow(server, 'alice', path);
    expect(answer.headers['location']).toMatch(/^https:\/\/app\.example\.com\/back\?code=[\w-]{43}$/);
    const two = await addClient(server, 'https://one.example.com/', 'https://two.example.com/');
    await get(path.replace(client.id, two.id)).expect(400);
  });

  it('refuses a link that has a parameter twice', async () => {
    await get(`${linkOf(client)}&scope=profile_read&scope=email_write`).expect(400);
  });

  it.each([
    ['unsupported_response_type', { response_type: 'token' }],
    ['unsupported_response_type', { response_type: '' }],
    ['invalid_scope', { scope: 'profile_read everything' }],
    ['invalid_request', { code_challenge: 'short' }],
  ])('sends the client the error for %s', async (error, more) => {
    const { Cookie, 'X-CSRF-Token': token } = await logIn(server, 'alice');
    for (const answer of [
      await get(linkOf(client, more)),
      await post(linkOf(client, more), { step: 'allow', csrf_token: token }, { Cookie }),
    ]) {
      expect(answerOf(answer)).toEqual({ error, error_description: expect.any(String), state: 'st&te' });
      expect(answer.headers['location']).toMatch(/^https:\/\/app\.example\.com\/back\?/);
    }
  });
});

describe('POST /o/authorize/', () => {
  it('gives the client a code and its state, and is recorded', async () => {
    const answer = await allow(server, 'alice', linkOf(client, { scope: 'email_read' }));
    expect(answerOf(answer)).toEqual({ code: expect.stringMatching(/^[\w-]{43}$/), state: 'st&te' });
    const [event] = await listEvents(server.ctx, { action: 'oauth.', limit: 1 });
    expect(event).toMatchObject({
      action: 'oauth.authorized',
      actor: 'alice',
      address: '127.0.0.1',
      details: { client: client.id, scope: 'email_read' },
    });
  });

  it("keeps the query of the client's redirect URI", async () => {
    const other = await addClient(server, 'https://app.example.com/back?tenant=7');
    expect(answerOf(await allow(server, 'alice', linkOf(other)))).toMatchObject({ tenant: '7', state: 'st&te' });
    const refused = await get(linkOf(other, { scope: 'everything' }));
    expect(answerOf(refused)).toMatchObject({ tenant: '7', error: 'invalid_scope', state: 'st&te' });
  });

  it('redirects to an app too', async () => {
    const app = await addClient(server, 'com.example.app:/back');
    const { Cookie } = await logIn(server, 'alice');
    const page = await get(linkOf(app), Cookie);
    expect(page.headers['content-security-policy']).toContain("form-action 'self' com.example.app:;");
    const answer = await allow(server, 'alice', linkOf(app));
    expect(answer.headers['location']).toMatch(/^com\.example\.app:\/back\?code=/);
  });

  it('accepts a refusal', async () => {
    const { Cookie, 'X-CSRF-Token': token } = await logIn(server, 'alice');
    const answer = await post(linkOf(client), { step: 'deny', csrf_token: token }, { Cookie });
    expect(answerOf(answer)).toEqual({
      error: 'access_denied',
      error_description: 'the user denied access',
      state: 'st&te',
    });
  });

  it('refuses a form that is not from our page', async () => {
    const { Cookie, 'X-CSRF-Token': token } = await logIn(server, 'alice');
    const other = await logIn(server, 'alice');
    const attempts = [
      [{ step: 'allow' }, {}],
      [{ step: 'allow', csrf_token: other['X-CSRF-Token'] }, {}],
      [{ step: 'allow', csrf_token: token }, { 'Sec-Fetch-Site': 'cross-site' }],
      [{ step: 'allow', csrf_token: token }, { Origin: 'https://evil.example.com' }],
      [{ step: 'deny' }, {}],
    ] as const;
    for (const [form, headers] of attempts) {
      const answer = await post(linkOf(client), form, { Cookie, ...headers });
      expect([answer.status, answer.headers['location']]).toEqual([403, undefined]);
    }
  });

  it('asks to log in again if the session has ended', async () => {
    const answer = await post(linkOf(client), { step: 'allow', csrf_token: 'old' }).expect(303);
    expect(answer.headers['location']).toBe(`/account/login/?next=${encodeURIComponent(linkOf(client))}`);
  });

  it('accepts only a form', async () => {
    await request(server.server)
      .post(linkOf(client))
      .send({ step: 'allow' })
      .expect(400, /not a valid form/);
    await post(linkOf(client), { step: 'x'.repeat(600_000) }).expect(413);
  });

  it('answers other methods with the allowed ones', async () => {
    const answer = await request(server.server).delete('/api/v1.1/o/authorize/').expect(405);
    expect(answer.headers['allow']).toBe('GET, HEAD, POST, OPTIONS');
  });

  it('the hidden field is the token of the session', async () => {
    const { Cookie, 'X-CSRF-Token': token } = await logIn(server, 'alice');
    expect(tokenOf((await get(linkOf(client), Cookie)).text)).toBe(token);
  });
});
