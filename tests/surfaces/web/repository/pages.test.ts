import type { Actor, RepositoryName } from '../../../../src/features/access/actor';
import { actorOf } from '../../../helpers/actors';
import { Browsing, browseAs } from '../../../helpers/browse';
import { createChain, createImage, pushImages } from '../../../helpers/images';
import { pushPrivate } from '../../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { changeSettings, moveRepository } from '../../../helpers/by-name';

let server: TestServer;
let alice: Actor;
let owner: Browsing;
let stranger: Browsing;
let anonymous: Browsing;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  await addUser(server, 'root', { isAdmin: true });
  alice = await actorOf(server, 'alice');
  [owner, stranger] = [await browseAs(server, 'alice'), await browseAs(server, 'bobby')];
  anonymous = new Browsing(server.server);
});
afterAll(() => server.close());

const nameOf = (name: string): RepositoryName => ({ namespace: 'alice', name });
const describeAs = (name: string, fullDescription: string) =>
  changeSettings(
    server.ctx,
    alice,
    nameOf(name),
    { description: 'A <b>web</b> server', fullDescription },
    () => undefined,
  );

const IMAGE = createImage();
const PAGES = [
  '',
  'tags/',
  'tags/latest/',
  `images/${IMAGE.id}/`,
  `images/${IMAGE.id}/files/`,
  'tree/',
  'history/',
  'statistics/',
  'comments/',
];

// All tests read it.
beforeAll(async () => {
  await pushImages(server, 'alice/web', [IMAGE]);
  await describeAs('web', '# Web\n\nRun **it**. <script>alert(1)</script>\n\n![x](https://example.com/x.png)');
});

describe('a repository', () => {
  it('shows its description, the pull command, its numbers and its latest tags', async () => {
    const { status, html } = await anonymous.get('/r/alice/web/');
    expect(status).toBe(200);
    expect(html).toContain(`docker pull ${server.host}/alice/web<`);
    expect(html).toContain('A &lt;b&gt;web&lt;/b&gt; server');
    expect(html).toContain('<h2 id="readme-web">Web</h2>');
    expect(html).toContain('Run <strong>it</strong>. &lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toContain('<img');
    expect(html).toContain('<a href="/r/alice/web/tags/latest/">latest</a>');
    expect(html.match(/<h1/g)).toHaveLength(1);
  });

  it('says what to do if something is missing, to everyone who may do it', async () => {
    await pushImages(server, 'alice/bare', [createImage()]);
    const first = await owner.get('/r/alice/bare/');
    expect(first.html).toContain('href="/r/alice/bare/settings/"');
    expect((await stranger.get('/r/alice/bare/')).html).not.toContain('/bare/settings/');

    await server.ctx
      .db('tags')
      .delete()
      .whereIn('repository_id', server.ctx.db('repositories').where({ name: 'bare' }).select('id'));
    expect((await owner.get('/r/alice/bare/')).html).toContain(`docker push ${server.host}/alice/bare<`);
    expect((await owner.get('/r/alice/bare/tags/')).html).toContain('docker push');
    const seen = await stranger.get('/r/alice/bare/');
    expect(seen.html).toContain('Nothing has been pushed yet');
    expect(seen.html).not.toContain('docker push');
    expect((await stranger.get('/r/alice/bare/tags/')).html).toContain('No tags yet');
  });

  it('of the library has an address and a name without a namespace', async () => {
    await pushImages(server, 'library/debian', [createImage()], { user: 'root' });
    const { status, html } = await anonymous.get('/_/debian/');
    expect(status).toBe(200);
    expect(html).toContain(`docker pull ${server.host}/debian<`);
    expect(html).toContain('Official');
    expect((await anonymous.get('/_/debian/tags/latest/')).html).toContain(`docker pull ${server.host}/debian:latest<`);
    const spelled = await anonymous.get('/r/library/debian/tags/?sort=name');
    expect([spelled.status, spelled.location]).toEqual([302, '/_/debian/tags/?sort=name']);
  });

  it('is found by its former name, on each of its pages', async () => {
    await pushImages(server, 'alice/former', [createImage()]);
    await moveRepository(server.ctx, alice, nameOf('former'), nameOf('present'));
    const moves: [string, string][] = [
      ['/r/alice/former/', '/r/alice/present/'],
      ['/r/alice/former', '/r/alice/present/'],
      ['/r/alice/former?readme=whole', '/r/alice/present/?readme=whole'],
      ['/r/alice/former/tags/latest/', '/r/alice/present/tags/latest/'],
      ['/r/alice/former/history/?tag=a%20b', '/r/alice/present/history/?tag=a%20b'],
      ['/r/%61lice/present/', '/r/alice/present/'],
    ];
    for (const [from, to] of moves) {
      const { status, location } = await anonymous.get(from);
      expect([from, status, location]).toEqual([from, 302, to]);
    }
    expect((await anonymous.get('/r/alice/present')).status).toBe(200);
  });

  it.each(['/r/alice/nothing/', '/r/nobody/web/', '/r/alice/UPPER/', '/_/nothing/', '/_/a%2Fb/'])(
    'that does not exist is not found: %s',
    async (path) => {
      expect((await stranger.get(path)).status).toBe(404);
      expect((await owner.get(path)).status).toBe(404);
    },
  );

  it('with a long description shows as much as there is room for, and all of it on demand', async () => {
    await pushImages(server, 'alice/long', [createImage()]);
    await describeAs('long', '"quoted" '.repeat(7000) + 'the end');
    const { html } = await anonymous.get('/r/alice/long/');
    expect(html).not.toContain('the end');
    expect(html.length).toBeLessThan(100_000);
    expect(html).toContain('href="/r/alice/long/?readme=whole"');
    expect((await anonymous.get('/r/alice/long/?readme=whole')).html).toContain('the end');
  });
});

describe('a private repository', () => {
  const SECRET = createImage();
  beforeAll(() => pushPrivate(server, 'alice/secret', [SECRET]));

  it.each(PAGES)('does not exist for others, and the page says so with a link to log in: %s', async (rest) => {
    const path = `/r/alice/secret/${rest.replace(IMAGE.id, SECRET.id)}`;
    expect((await stranger.get(path)).status).toBe(404);
    const asked = await anonymous.get(path);
    expect([asked.status, asked.location]).toEqual([404, undefined]);
    expect(asked.html).toContain(`href="/account/login/?next=${encodeURIComponent(path)}"`);
    const files = rest.endsWith('files/') ? 400 : 200; // random bytes are not an archive
    expect((await owner.get(path)).status).toBe(files);
  });

  it('accepts no form of other users', async () => {
    const forms: [string, Record<string, string>][] = [
      ['star/', { starred: 'yes' }],
      ['comments/', { text: 'Hello' }],
      ['comments/1/delete/', {}],
      ['comments/1/flag/', {}],
      ['history/restore/', { event: '1', side: 'before' }],
      ['tags/latest/delete/', {}],
    ];
    for (const [rest, fields] of forms) {
      const { status } = await stranger.send(`/r/alice/secret/${rest}`, fields, '/r/alice/web/');
      expect([rest, status]).toEqual([rest, 404]);
    }
  });
});

describe('every page', () => {
  it.each(PAGES)('has one heading of the first rank, and no style or script of its own: %s', async (rest) => {
    const { html } = await owner.get(`/r/alice/web/${rest}`);
    expect(html.match(/<h1/g)).toHaveLength(1);
    expect(html).not.toMatch(/<style|style=|\son\w+=|javascript:|<script(?! type="module" src="\/static\/)/);
  });

  it.each([
    '?page=x&name=%25',
    '?page=-1&before=x&days=1e9',
    '?name=%FF&tag=%FF&directory=%FF',
    `?name=${'x'.repeat(3000)}`,
  ])('answers an invalid address with a page: %s', async (query) => {
    for (const rest of PAGES) {
      const { status } = await stranger.get(`/r/alice/web/${rest}${query}`);
      expect([rest, status]).toEqual([rest, rest.endsWith('files/') ? 400 : 200]);
    }
  });

  it('says that a missing tag or image does not exist', async () => {
    for (const rest of [
      'tags/nothing/',
      'images/0123/',
      `images/${'0'.repeat(64)}/`,
      `images/${'0'.repeat(64)}/files/`,
    ]) {
      expect([rest, (await stranger.get(`/r/alice/web/${rest}`)).status]).toEqual([rest, 404]);
    }
  });
});

it('the chain of a tag is shown with its sizes, and each layer links to its files', async () => {
  const chain = createChain(3);
  await pushImages(server, 'alice/chain', chain);
  const { html } = await anonymous.get('/r/alice/chain/tags/latest/');
  expect(html).toContain('6.00 kB</span> in 3 layers');
  expect(html.match(/<rect class="series-\d+" x=/g)).toHaveLength(3);
  for (const { id } of chain) expect(html).toContain(`href="/r/alice/chain/images/${id}/files/"`);
  expect((await anonymous.get(`/r/alice/chain/images/${chain[1]!.id}/`)).html).toContain('in 2 layers');
});
