import { invite } from '../../../src/features/namespaces/invitations';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { putTeam } from '../../../src/features/namespaces/teams';
import { actorOf } from '../../helpers/actors';
import { browseAs, Browsing } from '../../helpers/browse';
import { accessTokenOf } from '../../helpers/oauth';
import { codeOf, wrongCode } from '../../helpers/second-factor';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let browser: Browsing;
let username: string;
let made = 0;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'robert');
});
afterAll(() => server.close());
beforeEach(async () => {
  username = `person${(made += 1)}`;
  await addUser(server, username);
  browser = await browseAs(server, username);
});

const PAGES = [
  'settings',
  'username',
  'emails',
  'password',
  'second-factor',
  'tokens',
  'sessions',
  'applications',
  'teams',
  'data',
  'delete',
];

it.each(PAGES)('/account/%s/ is for visitors who are logged in, and leads to the other pages', async (name) => {
  const path = `/account/${name}/`;
  const stranger = new Browsing(server.server);
  const next = `/account/login/?next=${encodeURIComponent(path)}`;
  expect(await stranger.get(path)).toMatchObject({ status: 303, location: next });
  expect((await stranger.post(path, {})).status).toBe(
    ['sessions', 'applications', 'teams', 'second-factor'].includes(name) ? 405 : 303,
  );
  const { status, html } = await browser.get(path);
  expect(status).toBe(200);
  for (const other of PAGES) expect(html).toContain(`href="/account/${other}/"`);
});

describe('the profile', () => {
  const PATH = '/account/settings/';
  const FIELDS = {
    full_name: 'A <b> C',
    location: 'Here',
    company: '',
    profile_url: 'https://example.com/',
  };

  it('is saved', async () => {
    expect(await browser.send(PATH, FIELDS)).toMatchObject({ status: 303, location: PATH });
    const { html } = await browser.get(PATH);
    expect(html).toContain('Profile saved.');
    expect(html).toContain('value="A &lt;b&gt; C"');
    expect(html).not.toMatch(/gravatar/i);
  });

  it('is shown again with the problem and with what was typed', async () => {
    const { status, html } = await browser.send(PATH, { ...FIELDS, profile_url: 'javascript:alert(1)' });
    expect([status, html]).toEqual([
      400,
      expect.stringContaining('id="profile_url-error">The address of a website begins with http'),
    ]);
    expect(html).toContain('value="A &lt;b&gt; C"');
    expect((await browser.send(PATH, { ...FIELDS, location: '\0' })).status).toBe(400);
    expect((await browser.get(PATH)).html).not.toContain('Here');
  });
});

it('addresses are added, confirmed, made primary and removed', async () => {
  const PATH = '/account/emails/';
  const email = `${username}@example.org`;
  expect((await browser.send(PATH, { email: 'none' })).html).toContain('value="none"');
  expect((await browser.send(PATH, { email: 'robert@example.com' })).status).toBe(409);
  expect((await browser.send(PATH, { email })).status).toBe(303);
  expect((await browser.get(PATH)).html).toContain('not confirmed');
  expect((await browser.send(`${PATH}primary/`, { email }, PATH)).status).toBe(409);
  expect((await browser.send(`${PATH}resend/`, { email }, PATH)).status).toBe(303);
  await server.ctx.db('emails').where({ email }).update({ verified_at: new Date() });
  expect((await browser.send(`${PATH}primary/`, { email }, PATH)).status).toBe(303);
  expect((await browser.send(`${PATH}remove/`, { email }, PATH)).status).toBe(400);
  expect((await browser.send(`${PATH}remove/`, { email: `${username}@example.com` }, PATH)).status).toBe(303);
  expect((await browser.send(`${PATH}remove/`, { email: 'robert@example.com' }, PATH)).status).toBe(404);
});

it('a new password requires the old one, and ends all sessions', async () => {
  const PATH = '/account/password/';
  const wrong = await browser.send(PATH, { confirm_password: 'wrong-word', password: 'new-word' });
  expect([wrong.status, wrong.html]).toEqual([400, expect.stringContaining('The current password is wrong.')]);
  expect(wrong.html).not.toMatch(/wrong-word|new-word/);
  const confirm_password = `${username}pw`;
  expect((await browser.send(PATH, { confirm_password, password: '1' })).status).toBe(400);
  const done = await browser.send(PATH, { confirm_password, password: 'new-word' });
  expect(done).toMatchObject({ status: 303, location: '/account/login/' });
  expect((await browser.get(PATH)).status).toBe(303);
  expect((await browser.send('/account/login/', { username, password: 'new-word' })).status).toBe(303);
  expect((await browser.get(PATH)).status).toBe(200);
});

it('an access token is shown once, with the line for docker, and is revoked', async () => {
  const PATH = '/account/tokens/';
  const fields = { name: 'CI <1>', access: 'write', days: '30', repositories: '' };
  const shown = await browser.send(PATH, fields);
  expect(shown.status).toBe(200);
  const [secret = ''] = /ddt_\w{40}/.exec(shown.html) ?? [];
  expect(secret).not.toBe('');
  expect(shown.html).toContain(`docker login`);
  const again = await browser.get(PATH);
  expect(again.html).not.toContain(secret);
  expect(again.html).toContain('CI &lt;1&gt;');
  const twice = await browser.send(PATH, fields);
  expect([twice.status, twice.html]).toEqual([409, expect.stringContaining('value="CI &lt;1&gt;"')]);
  const id = /name="id" value="(\d+)"/.exec(again.html)?.[1] ?? '';
  const robert = await browseAs(server, 'robert');
  expect((await robert.send(`${PATH}revoke/`, { id }, PATH)).status).toBe(404);
  expect((await browser.send(`${PATH}revoke/`, { id: 'x' }, PATH)).status).toBe(404);
  expect((await browser.send(`${PATH}revoke/`, { id }, PATH)).status).toBe(303);
  expect((await browser.get(PATH)).html).not.toContain('CI &lt;1&gt;');
});

describe('sessions', () => {
  const PATH = '/account/sessions/';
  const idsIn = (html: string): string[] => [...html.matchAll(/name="id" value="(\d+)"/g)].map(([, id]) => id!);

  it('are listed, with a mark on this one, and ended one by one', async () => {
    const other = await browseAs(server, username);
    const { html } = await browser.get(PATH);
    expect(html.match(/this session</g)).toHaveLength(1);
    const [newest = '', oldest = ''] = idsIn(html);
    const robert = await browseAs(server, 'robert');
    expect((await robert.send(`${PATH}end/`, { id: newest }, PATH)).status).toBe(404);
    expect(await browser.send(`${PATH}end/`, { id: newest }, PATH)).toMatchObject({ status: 303, location: PATH });
    expect((await other.get(PATH)).status).toBe(303);
    expect(await browser.send(`${PATH}end/`, { id: oldest }, PATH)).toMatchObject({ status: 303, location: '/' });
    expect(browser.cookie('drydock_session')).toBeUndefined();
  });

  it('all others can be ended at once', async () => {
    const other = await browseAs(server, username);
    expect((await browser.send(`${PATH}end-others/`, {}, PATH)).status).toBe(303);
    expect((await other.get(PATH)).status).toBe(303);
    expect((await browser.get(PATH)).status).toBe(200);
  });
});

it('programs that act for the user are listed, and their access is revoked', async () => {
  const PATH = '/account/applications/';
  expect((await browser.get(PATH)).html).toContain('No authorized applications');
  await accessTokenOf(server, username, 'email_read');
  const { html } = await browser.get(PATH);
  expect(html).toContain('An &lt;app&gt; &amp; more');
  expect(html).toContain('see your email addresses');
  const client = /name="client" value="(\w+)"/.exec(html)?.[1] ?? '';
  expect((await browser.send(`${PATH}revoke/`, { client }, PATH)).status).toBe(303);
  expect((await browser.send(`${PATH}revoke/`, { client }, PATH)).status).toBe(404);
});

it('invitations are accepted and declined, and teams are left', async () => {
  const PATH = '/account/teams/';
  const owner = await actorOf(server, 'robert');
  const organization = `acme${made}`;
  await createOrganization(server.ctx, owner, organization);
  const idAfterInvite = async (team: string): Promise<string> => {
    await putTeam(server.ctx, owner, organization, { name: team, description: '' });
    await invite(server.ctx, owner, { organization, team }, { username });
    return /name="id" value="(\d+)"/.exec((await browser.get(PATH)).html)?.[1] ?? '';
  };
  const declined = await idAfterInvite('testers');
  expect((await (await browseAs(server, 'robert')).send(`${PATH}accept/`, { id: declined }, PATH)).status).toBe(404);
  expect((await browser.send(`${PATH}decline/`, { id: declined }, PATH)).status).toBe(303);
  expect((await browser.get(PATH)).html).toContain('You are not in any team');
  const accepted = await idAfterInvite('developers');
  expect((await browser.send(`${PATH}accept/`, { id: accepted }, PATH)).status).toBe(303);
  expect((await browser.get(PATH)).html).toContain(`href="/organizations/${organization}/teams/developers/"`);
  expect((await browser.send(`${PATH}leave/`, { organization, team: 'developers' }, PATH)).status).toBe(303);
  expect((await browser.get(PATH)).html).toContain('You are not in any team');
  const robert = await browseAs(server, 'robert');
  const last = await robert.send(`${PATH}leave/`, { organization, team: 'owners' }, PATH);
  expect([last.status, last.html]).toEqual([
    409,
    expect.stringContaining('The last owner cannot leave: add another active owner first.'),
  ]);
});

describe('the second factor', () => {
  const PATH = '/account/second-factor/';
  const secretIn = (html: string): string => /aria-label="The secret">([A-Z2-7]{32})</.exec(html)?.[1] ?? '';
  const uriIn = (html: string): string => /name="uri" value="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const codesIn = (html: string): string[] => /<pre[^>]*>([^<]+)</.exec(html)?.[1]?.split('\n') ?? [];

  it('is set up with a picture or a text and a code, renewed, and turned off', async () => {
    expect((await browser.get(PATH)).html).toContain('href="/account/tokens/"');
    const begun = await browser.send(`${PATH}begin/`, {}, PATH);
    expect(begun.html).toMatch(/<svg class="qr" role="img"[^]*<path d="M/);
    const [secret, uri] = [secretIn(begun.html), uriIn(begun.html)];
    expect(uri).toContain(secret);

    const wrong = await browser.send(`${PATH}confirm/`, { uri, code: wrongCode(secret) }, PATH);
    expect([wrong.status, secretIn(wrong.html)]).toEqual([400, secret]);
    const on = await browser.send(`${PATH}confirm/`, { uri, code: codeOf(secret, -1) }, PATH);
    const codes = codesIn(on.html);
    expect(codes).toHaveLength(10);

    const managed = (await browser.get(PATH)).html; // this session goes on
    expect(managed).toContain('You have 10 recovery codes left.');
    for (const hidden of [secret, ...codes]) expect(managed).not.toContain(hidden);
    expect((await browser.send(`${PATH}begin/`, {}, PATH)).status).toBe(409);
    expect((await browser.send(`${PATH}renew/`, { code: wrongCode(secret) }, PATH)).status).toBe(400);
    const renewed = codesIn((await browser.send(`${PATH}renew/`, { code: codes[0]! }, PATH)).html);
    expect(renewed).toHaveLength(10);
    expect((await browser.send(`${PATH}off/`, { code: codes[1]! }, PATH)).status).toBe(400);
    expect((await browser.send(`${PATH}off/`, { code: renewed[0]! }, PATH)).status).toBe(303);
    expect((await browser.get(PATH)).html).toContain('Set up');
  });

  it('draws no QR code for a link that is not for an app', async () => {
    await browser.send(`${PATH}begin/`, {}, PATH);
    for (const uri of ['', 'https://evil.example.com/?secret=x', `otpauth://totp/${'x'.repeat(500)}?secret=x`]) {
      const { status, html } = await browser.send(`${PATH}confirm/`, { uri, code: 'x' }, PATH);
      expect([status, html.includes('class="qr"')]).toEqual([400, false]);
    }
  });
});
