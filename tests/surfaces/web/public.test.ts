import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { updateProfile } from '../../../src/features/accounts/profiles';
import { browseAs, Browsing } from '../../helpers/browse';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let stranger: Browsing;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  stranger = new Browsing(server.server);
});
afterAll(() => server.close());

interface Facts {
  readonly stars?: number;
  readonly pulls?: number;
  readonly visibility?: string;
  readonly description?: string;
}

async function add(fullName: string, { stars = 0, pulls = 0, visibility = 'public', description = '' }: Facts = {}) {
  const [namespace, name] = fullName.split('/');
  const { db } = server.database;
  const row = { namespace, name, state: 'active', visibility, star_count: stars, description };
  const [made] = await db('repositories').insert(row).returning('id');
  await db('repository_totals').insert({ repository_id: (made as { id: number }).id, pulls, pushes: 1 });
}

/** The repositories of the lists on a page, in order. */
const listed = (html: string): string[] =>
  [...html.matchAll(/<li class="repository"><div class="title-line">(?:<svg[^]*?<\/svg>)?<a href="([^"]+)"/g)].map(
    ([, path = '']) => path,
  );

describe('an empty hub', () => {
  it('tells visitors how the administrator signs in, and how to push the first image', async () => {
    const { status, html } = await stranger.get('/');
    expect(status).toBe(200);
    expect(html).toContain('Sign in as the administrator');
    expect(html).toContain(`docker push ${server.host}/alice/busybox`);
  });

  it('tells users who are logged in how to push under their own names', async () => {
    const { html } = await (await browseAs(server, 'bobby')).get('/');
    expect(html).toContain(`docker push ${server.host}/bobby/busybox`);
    expect(html).toContain('href="/u/bobby/"');
    expect(html).not.toContain('Sign in as the administrator');
  });

  it('says in each list what to do next', async () => {
    expect((await stranger.get('/explore/')).html).toContain('Push the first one');
    expect((await stranger.get('/search')).html).toContain('Push the first repository');
    expect((await stranger.get('/u/alice/')).html).toContain('alice has no repositories that you can see');
    expect((await (await browseAs(server, 'alice')).get('/u/alice/')).html).toContain('href="/repository/add/"');
  });
});

describe('with repositories', () => {
  beforeAll(async () => {
    await createOrganization(server.ctx, OPERATOR_ACTOR, 'acme', { owner: 'alice' });
    await add('alice/web', { stars: 3, pulls: 12_345, description: 'A <b>web</b> server' });
    await add('alice/secret', { visibility: 'private', pulls: 99_999 });
    await add('bobby/tool', { stars: 5, pulls: 7 });
    await add('library/redis', { pulls: 1 });
    await add('acme/site', { pulls: 2 });
  });

  it('the first page shows official and the most pulled repositories, and no private ones', async () => {
    const { html } = await stranger.get('/');
    expect(listed(html)).toEqual(['/_/redis/', '/r/alice/web/', '/r/bobby/tool/', '/r/acme/site/']);
    expect(html).not.toContain('Sign in as the administrator');
  });

  it('explore lists official ones first, by pulls, stars or age, and treats other words as the default order', async () => {
    expect(listed((await stranger.get('/explore/')).html)[1]).toBe('/r/alice/web/');
    expect(listed((await stranger.get('/explore/?sort=stars')).html).slice(0, 2)).toEqual([
      '/_/redis/',
      '/r/bobby/tool/',
    ]);
    expect(listed((await stranger.get('/explore/?sort=newest')).html)[1]).toBe('/r/acme/site/');
    const { status, html } = await stranger.get('/explore/?sort=%00&page=-1');
    expect([status, listed(html)[1]]).toEqual([200, '/r/alice/web/']);
  });

  it('explore says that its list ends before a page', async () => {
    const { status, html } = await stranger.get('/explore/?sort=stars&page=9');
    expect(status).toBe(200);
    expect(html).toMatch(/The list ends before this page[^]*href="\/explore\/\?sort=stars"/);
    expect(html).toContain('href="/explore/?sort=stars&amp;page=1"');
  });

  it('a row has name, badge, description as text, stars, pulls and the time of the last change', async () => {
    const { html } = await stranger.get('/search?q=web');
    expect(listed(html)).toEqual(['/r/alice/web/']);
    expect(html).toContain('A &lt;b&gt;web&lt;/b&gt; server');
    expect(html).toMatch(/3 stars[^]*12\.3k pulls[^]*Updated <time datetime="[^"]+" title="[^"]+">just now/);
    expect((await stranger.get('/search?q=redis')).html).toContain('<span class="badge official">Official</span>');
  });

  it('search finds repositories that the visitor may read, in every order', async () => {
    expect((await stranger.get('/search?q=secret')).html).toContain('No repositories found for “secret”');
    const alice = await browseAs(server, 'alice');
    for (const sort of ['best', 'stars', 'pulls', 'updated']) {
      const { html } = await alice.get(`/search/?q=secret&sort=${sort}`);
      expect(listed(html)).toEqual(['/r/alice/secret/']);
      expect(html).toContain('<span class="badge warn">private</span>');
    }
    expect(listed((await stranger.get('/search?sort=pulls')).html).slice(0, 2)).toEqual(['/_/redis/', '/r/alice/web/']);
  });

  it('search counts and lists users and organizations next to repositories', async () => {
    const badges = (html: string) =>
      [...html.matchAll(/<span class="badge">([^<]+)<\/span><\/a>/g)].map(([, count]) => count);
    const found = (html: string) =>
      [...html.matchAll(/<span class="title-line"><a href="\/u\/(\w+)\/"/g)].map(([, name]) => name);
    const repositories = await stranger.get('/search?q=al');
    expect(badges(repositories.html)).toEqual(['1', '1', '0']);
    expect(listed(repositories.html)).toEqual(['/r/alice/web/']);
    const users = await stranger.get('/search?q=al&type=users');
    expect([badges(users.html), found(users.html)]).toEqual([['1', '1', '0'], ['alice']]);
    expect(found((await stranger.get('/search?q=ACME&type=organizations')).html)).toEqual(['acme']);
    expect((await stranger.get('/search?q=acme&type=users')).html).toContain('No users found for “acme”');
    expect((await stranger.get('/search?type=organizations')).html).toContain('Type the name of an organization');
    expect((await stranger.get('/search?q=al&type=users&page=9')).html).toContain('The list ends before this page');
  });

  it('search keeps what was typed, as text', async () => {
    const { status, html } = await stranger.get(`/search?q=${encodeURIComponent('"><script>alert(1)</script>')}`);
    expect(status).toBe(200);
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  });

  it('search refuses more than 200 characters, and accepts a NUL and a page beyond the last', async () => {
    const long = await stranger.get(`/search?q=${'a'.repeat(201)}`);
    expect([long.status, long.html.includes('at most 200 characters')]).toEqual([400, true]);
    expect((await stranger.get(`/search?q=${'a'.repeat(200)}`)).status).toBe(200);
    expect((await stranger.get('/search?q=%00')).status).toBe(200);
    expect((await stranger.get('/search?q=web&page=1000000')).html).toContain('The list ends before this page');
  });

  describe('a profile', () => {
    beforeAll(() =>
      updateProfile(server.ctx, OPERATOR_ACTOR, 'alice', {
        fullName: 'Alice <i>A</i>',
        company: 'Acme',
        location: 'Here',
        profileUrl: 'https://alice.example/?a=1&b=2',
      }),
    );

    it('shows the public facts of a user, and no address', async () => {
      const { status, html } = await stranger.get('/u/alice/');
      expect(status).toBe(200);
      expect(html).toContain('Alice &lt;i&gt;A&lt;/i&gt;');
      expect(html).toContain('href="https://alice.example/?a=1&amp;b=2" rel="nofollow noopener noreferrer"');
      expect(html).not.toContain('alice@example.com');
      expect(html).not.toMatch(/gravatar/i);
      expect(listed(html)).toEqual(['/r/alice/web/']);
    });

    it('turns nothing into a link that is not a web address', async () => {
      const unsafe = { profile_url: 'javascript:alert(1)' };
      await server.database.db('namespaces').where({ name: 'bobby' }).update(unsafe);
      expect((await stranger.get('/u/bobby/')).html).not.toContain('href="javascript:');
    });

    it('shows its owner all of their repositories, and a link to change it', async () => {
      const { html } = await (await browseAs(server, 'alice')).get('/u/alice/');
      expect(listed(html)).toHaveLength(2);
      expect(html).toContain('href="/account/settings/">Edit your profile');
      expect((await (await browseAs(server, 'bobby')).get('/u/alice/')).html).not.toContain('Edit your profile');
    });

    it('of an organization shows members only to members', async () => {
      const { status, html } = await stranger.get('/u/acme/');
      expect([status, listed(html)]).toEqual([200, ['/r/acme/site/']]);
      const bobby = await (await browseAs(server, 'bobby')).get('/u/acme/');
      for (const page of [html, bobby.html]) expect(page).not.toMatch(/1 member|\/organizations\/acme\//);
      const member = await (await browseAs(server, 'alice')).get('/u/acme/');
      expect(member.html).toMatch(/href="\/organizations\/acme\/"[^]*1 member[^]*href="\/u\/alice\/">alice/);
    });

    it('of an inactive account shows only its name', async () => {
      await addUser(server, 'carol', { isActive: false });
      await updateProfile(server.ctx, OPERATOR_ACTOR, 'carol', { fullName: 'Carol C' });
      const { status, html } = await stranger.get('/u/carol/');
      expect([status, html.includes('Carol C')]).toEqual([200, false]);
    });

    it('has one address, and that of the library leads to explore', async () => {
      expect(await stranger.get('/u/ALICE/')).toMatchObject({ status: 303, location: '/u/alice/' });
      expect(await stranger.get('/u/library/')).toMatchObject({ status: 303, location: '/explore/' });
    });

    it.each(['/u/nobody/', '/u/a%00b/', '/u/%2e%2e/'])('that does not exist, %s, is a 404', async (path) => {
      expect((await stranger.get(path)).status).toBe(404);
    });
  });
});

describe('the start page', () => {
  it('has the commands for this host, and the settings of engines for plain http', async () => {
    const { html } = await stranger.get('/start/');
    expect(html).toContain(`docker login -u alice ${server.host}`);
    expect(html).toContain(`curl -i ${server.url}/v1/_ping`);
    expect(html).toContain('--insecure-registry hub.example.com:5000');
    expect(html).toContain('href="/account/tokens/"');
  });

  it('has what clients of today need, and nothing of it if v2 is off', async () => {
    const { html } = await stranger.get('/start/');
    expect(html).toContain('insecure-registries');
    expect(html).toContain(`podman push --tls-verify=false busybox ${server.host}/alice/busybox<`);
    expect(html).toContain(`curl -u alice ${server.url}/v2/`);
    expect(html).not.toContain('--disable-legacy-registry=false');
    const old = await startTestServer({ settings: { v2Engines: 'off' } });
    try {
      const shown = (await new Browsing(old.server).get('/start/')).html;
      expect(shown).toContain('--disable-legacy-registry=false');
      for (const text of ['podman', '/v2/', 'insecure-registries']) expect(shown).not.toContain(text);
    } finally {
      await old.close();
    }
  });

  it('says where accounts come from if nobody may sign up, and nothing about http if there is https', async () => {
    const settings = { registrationOpen: false, publicUrl: 'https://hub.example.com' };
    const closed = await startTestServer({ settings });
    try {
      const { html } = await new Browsing(closed.server).get('/start/');
      expect(html).toContain('The administrator of this hub creates accounts');
      expect(html).toContain('docker push hub.example.com/alice/busybox');
      expect(html).not.toContain('--insecure-registry');
      expect(html).toContain('podman push busybox hub.example.com/alice/busybox<');
    } finally {
      await closed.close();
    }
  });
});

describe('the files that browsers and robots request by themselves', () => {
  it('exist', async () => {
    expect(await stranger.get('/favicon.ico')).toMatchObject({ status: 302 });
    const { location = '' } = await stranger.get('/favicon.ico');
    expect((await stranger.get(location)).status).toBe(200);
    expect((await stranger.get('/robots.txt')).html).toMatch(/^User-agent: \*\nDisallow: \/account\/\n/);
  });
});

it.each([
  ['/u/alice/app/', '/r/alice/app/'],
  ['/u/nobody/nothing', '/r/nobody/nothing/'],
  ['/u/library/debian/', '/_/debian/'],
])('the address of the Hub %s redirects to %s, whether it exists or not', async (from, to) => {
  const { status, location } = await new Browsing(server.server).get(from);
  expect([status, location]).toEqual([302, to]);
});
