import request from 'supertest';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { browseAs, Browsing } from '../../helpers/browse';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const HUB = 'https://hub.example.com';

let server: TestServer;
let alice: Browsing;
beforeAll(async () => {
  server = await startTestServer({ settings: { publicUrl: HUB } });
  await addUser(server, 'alice');
  await createOrganization(server.ctx, OPERATOR_ACTOR, 'acme', { owner: 'alice' });
  const rows = ['public', 'unlisted', 'private'].map((visibility) => ({
    namespace: 'alice',
    name: visibility,
    state: 'active',
    visibility,
    description: 'Says "hello" & <b>goodbye</b>',
  }));
  await server.ctx.db('repositories').insert(rows);
  await server.ctx.db('repositories').insert({ namespace: 'library', name: 'busybox', state: 'active' });
  alice = await browseAs(server, 'alice');
});
afterAll(() => server.close());

const metadata = (html: string): Record<string, string> =>
  Object.fromEntries(
    [...html.matchAll(/<meta (?:property|name)="(og:\w+|description)" content="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );

describe('links to public pages', () => {
  it.each([
    ['/', { 'og:title': 'Drydock', 'og:url': `${HUB}/` }],
    ['/explore/?sort=stars', { 'og:title': 'Explore', 'og:url': `${HUB}/explore/` }],
    [
      '/u/alice/',
      { 'og:title': 'alice', 'og:description': 'Repositories of the user alice', 'og:url': `${HUB}/u/alice/` },
    ],
    ['/u/acme/', { 'og:title': 'acme', 'og:description': 'Repositories of the organization acme' }],
    [
      '/_/busybox/',
      { 'og:title': 'busybox', 'og:description': 'Docker images of busybox', 'og:url': `${HUB}/_/busybox/` },
    ],
    [
      '/r/alice/public/?readme=whole',
      {
        'og:title': 'alice/public',
        'og:description': 'Says &quot;hello&quot; &amp; &lt;b&gt;goodbye&lt;/b&gt;',
        description: 'Says &quot;hello&quot; &amp; &lt;b&gt;goodbye&lt;/b&gt;',
        'og:url': `${HUB}/r/alice/public/`,
      },
    ],
  ])('%s have a title, a description, an address and a picture', async (path, expected) => {
    const found = metadata((await new Browsing(server.server).get(path)).html);
    expect(found).toMatchObject(expected);
    expect(found['og:image']).toMatch(/^https:\/\/hub\.example\.com\/static\/\w+\/icon\.png$/);
    const picture = await request(server.server).get(new URL(found['og:image'] ?? '').pathname);
    expect([picture.status, picture.headers['content-type']]).toEqual([200, 'image/png']);
  });

  it('have none of that on pages that are not for everyone', async () => {
    for (const path of [
      '/r/alice/private/',
      '/r/alice/unlisted/',
      '/r/alice/public/settings/',
      '/dashboard/',
      '/nothing/',
    ]) {
      expect([path, metadata((await alice.get(path)).html)]).toEqual([path, {}]);
    }
  });
});

describe('a preview of Markdown', () => {
  const SETTINGS = '/r/alice/public/settings/';
  const PREVIEW = '/markdown/preview/';
  const TEXT = '# Title\n\n<script>alert(1)</script> <!-- hidden -->\n\n![logo](https://evil.example/x.png)';
  const HTML =
    '<h2 id="readme-title">Title</h2>\n<p>&lt;script&gt;alert(1)&lt;/script&gt; </p>\n' +
    '<p><a href="https://evil.example/x.png" rel="nofollow noopener noreferrer ugc">logo</a></p>';

  it('is the same as on the page, alone for the script and in the form without it, and saves nothing', async () => {
    const part = await alice.send(PREVIEW, { text: TEXT, kind: 'readme' }, SETTINGS);
    expect(part.status).toBe(200);
    expect(part.html).toContain(HTML);
    expect(part.html).not.toContain('<html');
    const fields = { description: 'short', full_description: TEXT, visibility: 'private', preview: 'yes' };
    const whole = await alice.send(SETTINGS, { ...fields, version: 'as it was' });
    expect(whole.status).toBe(200);
    expect(whole.html).toContain(HTML);
    expect(whole.html).toContain('&lt;!-- hidden --&gt;');
    expect(whole.html).toContain('name="version" value="as it was"');
    expect(whole.html).toMatch(/checked="" value="private"/);
    const saved = await server.ctx.db('repositories').where({ name: 'public' }).first();
    expect(saved).toMatchObject({ full_description: '', visibility: 'public' });
  });

  it('of a comment keeps what was typed, and posts nothing', async () => {
    const path = '/r/alice/public/comments/';
    const { status, html } = await alice.send(path, { text: 'a **b**', preview: 'yes' });
    expect(status).toBe(200);
    expect(html).toContain('<p>a <strong>b</strong></p>');
    expect(html).toMatch(/<textarea[^>]*>\s*a \*\*b\*\*/);
    expect(await server.ctx.db('comments').first()).toBeUndefined();
    expect((await alice.send(PREVIEW, { text: '', kind: 'comment' }, path)).html).toContain('Nothing to show.');
  });

  it('is refused without the token of the form, without a login, and for a text that could not be saved', async () => {
    expect((await alice.post(PREVIEW, { text: 'a', kind: 'readme' })).status).toBe(403);
    expect((await new Browsing(server.server).post(PREVIEW, { text: 'a', kind: 'readme' })).status).toBe(303);
    for (const [text, kind, sentence] of [
      ['x'.repeat(64 * 1024 + 1), 'readme', 'at most 64 KiB'],
      ['x'.repeat(4097), 'comment', '1 to 4096 characters'],
      ['x', 'page', 'There is no such kind of text'],
    ] as const) {
      const { status, html } = await alice.send(PREVIEW, { text, kind }, SETTINGS);
      expect([status, html]).toEqual([400, expect.stringContaining(sentence)]);
    }
  });
});
