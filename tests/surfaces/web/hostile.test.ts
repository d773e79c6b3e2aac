import request from 'supertest';
import type { Context } from '../../../src/context';
import { webRoutes } from '../../../src/surfaces/web/routes';
import { browseAs, type Browsing, type Seen } from '../../helpers/browse';
import { createImage, pushImages } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

/* Malicious input to every page and form. */

const ROUTES = webRoutes({} as Context).filter(({ access }) => access !== 'file');
const NASTY = ['\0', '\r\nSet-Cookie: a=b', '//evil.example', '\\\\evil.example', 'ÿ日<svg onload=alert(1)>', '..'];
const QUERIES = [
  'page',
  'q',
  'name',
  'text',
  'before',
  'sort',
  'state',
  'since',
  'until',
  'user',
  'days',
  'tag',
  'directory',
  'namespace',
  'next',
];

const image = createImage();
let server: TestServer;
let admin: Browsing;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'admin', { isAdmin: true });
  await pushImages(server, 'alice/web', [image]);
  admin = await browseAs(server, 'admin');
  await admin.send('/organizations/add/', { name: 'acme' });
  await admin.send('/organizations/acme/teams/', { name: 'builders', description: '' });
  await admin.send('/organizations/acme/robots/', { name: 'deploy' });
});
afterAll(() => server.close());

const REAL: Readonly<Record<string, string>> = {
  namespace: 'alice',
  tag: 'latest',
  imageId: image.id,
  org: 'acme',
  team: 'builders',
  robot: 'deploy',
};

/** The address of a row, with one of its parts replaced. */
function address(path: string, part?: string, value = ''): string {
  return path.replaceAll(/:(\w+)/g, (_all, name: string) => {
    if (name === part) return encodeURIComponent(value);
    return REAL[name] ?? (path.startsWith('/r/') && name === 'name' ? 'web' : name === 'name' ? 'alice' : '1');
  });
}

function assertHarmless({ status, html, location }: Seen, what: string): void {
  const own = location === undefined || /^\/(?![/\\])[\x21-\x7e]*$/.test(location);
  expect([what, status < 500, own]).toEqual([what, true, true]);
  expect([what, html.includes('<svg onload')]).toEqual([what, false]);
}

/** Rows of one method, without those of `library`, which have the same handlers as those of other namespaces. */
function pathsOf(method: string): string[] {
  return ROUTES.filter((row) => row.method === method && !row.path.startsWith('/_/')).map(({ path }) => path);
}

it('each form needs a token, and no page does', () => {
  for (const { method, path, access } of ROUTES) {
    expect([path, access.endsWith('-form')]).toEqual([path, method === 'post']);
    if (path.startsWith('/admin/')) expect(access).toMatch(/^administrator/);
  }
});

it.each(pathsOf('get'))('GET %s survives every query', async (path) => {
  for (const value of NASTY) {
    const query = new URLSearchParams(Object.fromEntries(QUERIES.map((name) => [name, value]))).toString();
    assertHarmless(await admin.get(`${address(path)}?${query}`), `${path} ?${value}`);
    for (const [, part] of path.matchAll(/:(\w+)/g)) {
      assertHarmless(await admin.get(address(path, part, value)), `${path} ${part} ${value}`);
    }
  }
});

it.each(pathsOf('post'))('POST %s refuses requests without a token, and survives every field', async (path) => {
  const untouched = address(path);
  expect((await admin.post(untouched, {})).status).toBe(403);
  const foreign = await browseAs(server, 'alice');
  const { html } = await foreign.get('/account/settings/');
  const token = /name="csrf_token" value="([^"]+)"/.exec(html)?.[1] ?? '';
  expect((await admin.post(untouched, { csrf_token: token })).status).toBe(403);
  if (path === '/account/logout') return; // it would end the session of all others
  const own = /name="csrf_token" value="([^"]+)"/.exec((await admin.get('/account/settings/')).html)?.[1] ?? '';
  for (const value of NASTY) {
    for (const [, part] of path.matchAll(/:(\w+)/g)) {
      const what = `${path} ${part} ${value}`;
      assertHarmless(await admin.post(address(path, part, value), { csrf_token: own }), what);
    }
    const names = [
      'id',
      'name',
      'username',
      'whom',
      'team',
      'owner',
      'email',
      'client',
      'event',
      'next',
      'text',
      'code',
      'ticket',
      'uri',
      'kind',
      'plan',
      'namespace',
    ];
    const fields = Object.fromEntries(names.map((name) => [name, value]));
    assertHarmless(await admin.post(untouched, { csrf_token: own, ...fields }), `${path} fields ${value}`);
  }
});

it('all cookies are only for https, if there is https', async () => {
  const secure = await startTestServer({ settings: { publicUrl: 'https://hub.example.com' } });
  try {
    await addUser(secure, 'alice');
    const browser = await browseAs(secure, 'alice');
    const token = /name="csrf_token" value="([^"]+)"/.exec((await browser.get('/dashboard/')).html)?.[1] ?? '';
    const sent = request(secure.server).post('/account/logout/').type('form');
    const cookie = `drydock_session=${browser.cookie('drydock_session') ?? ''}`;
    const { headers } = await sent.set('Cookie', cookie).send({ csrf_token: token });
    expect([headers['set-cookie']].flat()).toEqual([
      expect.stringMatching(/^drydock_session=; .*; HttpOnly; SameSite=Lax; Secure$/),
      expect.stringMatching(/^drydock_notice=[\w-]+; Path=\/; Max-Age=60; HttpOnly; SameSite=Lax; Secure$/),
    ]);
  } finally {
    await secure.close();
  }
});
