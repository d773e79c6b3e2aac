import { createRepository } from '../../../src/features/repositories/creation';
import { parseFullName } from '../../../src/features/repositories/names';
import { actorOf } from '../../helpers/actors';
import { browseAs, Browsing } from '../../helpers/browse';
import { castOn } from '../../helpers/cast';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { setStar } from '../../helpers/by-name';

let server: TestServer;
let alice: Browsing;
let owner: Browsing;
beforeAll(async () => {
  server = await startTestServer();
  await castOn(server);
  alice = await browseAs(server, 'alice');
  owner = await browseAs(server, 'owner');
});
afterAll(() => server.close());

const row = (fullName: string) => server.ctx.db('repositories').where(parseFullName(fullName)!).first();

describe('the dashboard', () => {
  it('asks visitors to log in first', async () => {
    const { status, location } = await new Browsing(server.server).get('/dashboard/');
    expect([status, location]).toEqual([303, '/account/login/?next=%2Fdashboard%2F']);
  });

  it("shows the user's own repositories with the private ones that the plan allows, and searches in names", async () => {
    const all = await alice.get('/dashboard/');
    expect(all.html).toContain('href="/r/alice/app-private/"');
    expect(all.html).toContain('alice: 1 private repository used, no limit');
    const some = await alice.get('/dashboard/?namespace=alice&text=PUBL');
    expect(some.html).toContain('href="/r/alice/app-public/"');
    expect(some.html).not.toContain('href="/r/alice/app-private/"');
    const none = await alice.get('/dashboard/?text=%3Cb%3E%25');
    expect(none.html).toContain('No matching repositories in alice');
    expect(none.html).toContain('value="&lt;b&gt;%"');
  });

  it('shows those of an organization; members see only those of their teams', async () => {
    expect((await owner.get('/dashboard/?namespace=acme')).html).toContain('href="/r/acme/app-private/"');
    const { html } = await (await browseAs(server, 'reader')).get('/dashboard/?namespace=acme');
    expect(html).toContain('<option value="acme" selected="">acme (organization)</option>');
    expect(html).toContain('href="/r/acme/app-private/"');
    expect(html).toContain('href="/repository/add/"');
  });

  it('refuses namespaces of others', async () => {
    expect((await alice.get('/dashboard/?namespace=acme')).status).toBe(404);
    expect((await alice.get('/dashboard/?namespace=nowhere')).status).toBe(404);
  });

  it('shows what happened in sentences, everything from users as text', async () => {
    const { id } = await row('alice/app-public');
    const { id: author } = await server.ctx.db('users').where({ username: 'reader' }).first('id');
    await server.ctx.db('comments').insert({ repository_id: id, author_id: author, text: '<b>bold</b>' });
    const tag = { repository_id: id, to_image_id: 'aa' };
    await server.ctx.db('tag_events').insert([
      { ...tag, tag: 'v1', actor_name: 'alice' },
      { ...tag, tag: 'v2', actor_name: 'alice' },
      { ...tag, tag: 'v3', actor_name: 'acme+ci' },
    ]);
    const { html } = await alice.get('/dashboard/activity/');
    const link = '<a href="/r/alice/app-public/">alice/app-public</a>';
    expect(html).toContain(`<span>acme+ci pushed a tag to ${link}</span>`);
    expect(html).toContain(`<span><a href="/u/alice/">alice</a> pushed 2 tags to ${link}</span>`);
    expect(html).toContain(`<span><a href="/u/reader/">reader</a> commented on ${link}</span>`);
    expect(html).toContain('&lt;b&gt;bold&lt;/b&gt;</a></blockquote>');
    expect(html).toContain(
      'href="/r/alice/app-public/tags/v1/"><code>v1</code></a> <span class="badge good">new</span>',
    );
  });

  it('says what to do next if there is nothing', async () => {
    await addUser(server, 'newcomer');
    const newcomer = await browseAs(server, 'newcomer');
    const { html } = await newcomer.get('/dashboard/');
    expect(html).toContain(`docker push ${server.host}/newcomer/busybox`);
    expect(html).toContain('href="/repository/add/">create it here');
    expect((await newcomer.get('/dashboard/activity/')).html).toContain('Nothing has happened yet');
    expect((await newcomer.get('/dashboard/shared/')).html).toContain('ask its owner to add you');
    expect((await newcomer.get('/dashboard/starred/')).html).toContain('href="/explore/">Explore repositories');
  });

  it('pages through many repositories', async () => {
    await addUser(server, 'collector');
    const actor = await actorOf(server, 'collector');
    for (let n = 10; n < 37; n += 1) {
      await createRepository(server.ctx, actor, { namespace: 'collector', name: `many-${n}` }, 'public');
    }
    const collector = await browseAs(server, 'collector');
    const { html } = await collector.get('/dashboard/?text=many');
    expect(html).toContain('href="/dashboard/?namespace=collector&amp;text=many&amp;page=2"');
    const second = await collector.get('/dashboard/?namespace=collector&text=many&page=2');
    expect(second.html.match(/class="repository"/g)).toHaveLength(2);
  });

  it('shows repositories that others share', async () => {
    const collaborator = await browseAs(server, 'collaborator');
    expect((await collaborator.get('/dashboard/shared/')).html).toContain('href="/r/alice/app-private/"');
  });

  it('shows starred repositories, as long as the user can see them', async () => {
    const actor = await actorOf(server, 'stranger');
    await setStar(server.ctx, actor, { namespace: 'alice', name: 'app-public' }, true);
    const stranger = await browseAs(server, 'stranger');
    expect((await stranger.get('/dashboard/starred/')).html).toContain('href="/r/alice/app-public/"');
    expect((await stranger.get('/dashboard/starred/?before=1')).html).toContain('No older stars');
  });
});

describe('a new repository', () => {
  const FIELDS = { namespace: 'alice', description: 'Mine', visibility: 'unlisted' };

  it('is created, and its page is next', async () => {
    const made = await alice.send('/repository/add/', { ...FIELDS, name: 'new-one' });
    expect([made.status, made.location]).toEqual([303, '/r/alice/new-one/']);
    expect(await row('alice/new-one')).toMatchObject({ description: 'Mine', visibility: 'unlisted' });
  });

  it('is created in an organization by its owners, and in the library by administrators', async () => {
    const { html } = await owner.get('/repository/add/?namespace=acme');
    expect(html).toContain('<option value="acme" selected="">acme (organization)</option>');
    expect(html).not.toContain('value="library"');
    const made = await owner.send('/repository/add/', { ...FIELDS, namespace: 'acme', name: 'new-one' });
    expect(made.location).toBe('/r/acme/new-one/');
    const root = await browseAs(server, 'root');
    const official = await root.send('/repository/add/', { ...FIELDS, namespace: 'library', name: 'redis' });
    expect(official.location).toBe('/_/redis/');
  });

  it.each([
    [{ name: 'app-public' }, 409, 'alice/app-public already exists.'],
    [{ name: 'No <b>' }, 400, 'No repository can have the name alice/No &lt;b&gt;: a name has'],
    [{ name: 'mine', namespace: 'acme' }, 403, 'You cannot create repositories in acme.'],
    [
      { name: 'mine', description: 'x'.repeat(101) },
      400,
      'A short description must be one line of at most 100 characters.',
    ],
    [{ name: 'mine', visibility: '' }, 400, 'Choose who can see the repository.'],
  ])('%j is refused, and what was typed is kept', async (fields, status, sentence) => {
    const sent = { ...FIELDS, ...fields };
    const answer = await alice.send('/repository/add/', sent);
    expect(answer.status).toBe(status);
    expect(answer.html).toContain(sentence);
    expect(answer.html).toContain(`value="${sent.name.replace('<b>', '&lt;b&gt;')}"`);
    expect(answer.html).toContain(`value="${sent.description}"`);
    expect(await row('alice/mine')).toBeUndefined();
  });

  it('is not private if the plan has no room for it', async () => {
    await server.ctx.db('namespaces').where({ name: 'alice' }).update({ plan: 'free' });
    expect((await alice.get('/repository/add/')).html).toContain('alice: 1 of 1 private repository used');
    const answer = await alice.send('/repository/add/', { ...FIELDS, name: 'hidden', visibility: 'private' });
    await server.ctx.db('namespaces').where({ name: 'alice' }).update({ plan: 'unlimited' });
    expect(answer.status).toBe(403);
    expect(answer.html).toContain('The plan free of alice allows 1 private repository; 1 is in use.');
    expect(answer.html).toMatch(/checked="" value="private"/);
    expect(await row('alice/hidden')).toBeUndefined();
  });
});
