import { Browsing } from '../../helpers/browse';
import { startOpenIdProvider, type TestProvider } from '../../helpers/openid-provider';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let provider: TestProvider;
let server: TestServer;
beforeAll(async () => {
  provider = await startOpenIdProvider();
  server = await startTestServer({ settings: { openId: provider.settings } });
  await provider.serves(server.url);
  await addUser(server, 'alice');
});
afterAll(async () => {
  await server.close();
  await provider.close();
});

const TO_PROVIDER = '/account/login/oidc/';
const ticketIn = (html: string): string => /name="ticket" value="([^"]+)"/.exec(html)?.[1] ?? '';
const tokenIn = (html: string): string => /name="csrf_token" value="([^"]+)"/.exec(html)?.[1] ?? '';

const eventsOf = async (subject: string): Promise<string[]> =>
  (await server.ctx.db('audit_events').where({ subject }).orderBy('id').select('action')).map(({ action }) => action);

describe('a user of the provider without an account', () => {
  it('chooses a username, and is signed in', async () => {
    provider.users.set('sub-1', { preferred_username: 'Zoë.Meier', email: 'zoe@example.com', email_verified: true });
    const browser = new Browsing(server.server);
    expect((await browser.get('/account/login/?next=/organizations/')).html).toContain(
      'href="/account/login/oidc/?next=%2Forganizations%2F"',
    );
    const out = await browser.get(`${TO_PROVIDER}?next=/organizations/`);
    expect(out.status).toBe(303);
    const page = await provider.visit(browser, out, { login: 'sub-1' });
    expect([page.status, page.html]).toEqual([200, expect.stringContaining('value="zoe-meier"')]);
    const form = { csrf_token: tokenIn(page.html), ticket: ticketIn(page.html), next: '/organizations/' };
    expect(await browser.post('/account/login/oidc/create/', { ...form, username: 'zoe' })).toMatchObject({
      status: 303,
      location: '/organizations/',
    });
    expect((await browser.get('/account/emails/')).html).toContain('zoe@example.com');
    expect(await eventsOf('zoe')).toEqual(['user.registered', 'login.ok', 'session.started']);
    const again = new Browsing(server.server);
    const back = await provider.visit(again, await again.get(TO_PROVIDER), { login: 'sub-1' });
    expect(back).toMatchObject({ status: 303, location: '/dashboard/' });
  });
});
