import { createRepository } from '../../../src/features/repositories/creation';
import { retentionJobs } from '../../../src/features/retention/jobs';
import { parseFullName } from '../../../src/features/repositories/names';
import { actorOf } from '../../helpers/actors';
import { browseAs, Browsing } from '../../helpers/browse';
import { castOn } from '../../helpers/cast';
import { runDueJobs } from '../../helpers/run-jobs';
import { createImage, pushImages } from '../../helpers/images';
import { startTestServer, type TestServer } from '../../helpers/test-server';
import { setAgedTags, tagsOf } from '../../helpers/aged-tags';

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

/** Creates a repository for a test; resolves to the path of its settings. */
async function made(fullName: string, as = 'alice'): Promise<string> {
  await createRepository(server.ctx, await actorOf(server, as), parseFullName(fullName)!, 'public');
  return `/r/${fullName}/settings/`;
}

const versionIn = (html: string): string => /name="version" value="([^"]*)"/.exec(html)![1]!.replaceAll('&quot;', '"');

const row = (fullName: string) => server.ctx.db('repositories').where(parseFullName(fullName)!).first();

const GENERAL = { description: 'A short one', full_description: '# Long\r\n\r\nOne.', visibility: 'unlisted' };

describe('the access', () => {
  const PARTS = ['', 'collaborators/', 'teams/', 'tags/', 'retention/', 'webhooks/', 'move/', 'delete/'];

  it.each(PARTS)(
    'of settings/%s is for owners; collaborators are refused, and others do not find a private repository',
    async (part) => {
      expect((await alice.get(`/r/alice/app-private/settings/${part}`)).status).toBe(200);
      expect((await owner.get(`/r/acme/app-private/settings/${part}`)).status).toBe(200);
      const collaborator = await browseAs(server, 'collaborator');
      expect((await collaborator.get(`/r/alice/app-private/settings/${part}`)).status).toBe(403);
      const stranger = await browseAs(server, 'stranger');
      expect((await stranger.get(`/r/alice/app-private/settings/${part}`)).status).toBe(404);
      expect((await stranger.get(`/r/alice/app-public/settings/${part}`)).status).toBe(403);
    },
  );

  it('asks anonymous visitors to log in first', async () => {
    const { status, location } = await new Browsing(server.server).get('/r/alice/app-public/settings/');
    expect([status, location]).toEqual([303, '/account/login/?next=%2Fr%2Falice%2Fapp-public%2Fsettings%2F']);
  });

  it('lets administrators change official repositories', async () => {
    await made('library/busybox', 'root');
    const root = await browseAs(server, 'root');
    expect(
      (
        await root.send('/_/busybox/settings/', {
          ...GENERAL,
          version: versionIn((await root.get('/_/busybox/settings/')).html),
        })
      ).location,
    ).toBe('/_/busybox/settings/');
    expect((await root.get('/_/busybox/settings/collaborators/')).html).toContain('manage official repositories');
    expect((await alice.get('/_/busybox/settings/')).status).toBe(403);
  });

  it('is a 404 for a name that no repository can have', async () => {
    expect((await alice.get('/r/alice/NO/settings/')).status).toBe(404);
    expect((await alice.get('/r/alice/app-public/settings/webhooks/0x1/')).status).toBe(404);
  });

  it('refuses the forms of collaborators too', async () => {
    const path = await made('alice/guarded');
    await alice.send(`${path}collaborators/`, { username: 'collaborator' });
    const collaborator = await browseAs(server, 'collaborator');
    const forms = [
      '',
      'collaborators/',
      'collaborators/remove/',
      'teams/',
      'teams/remove/',
      'tags/',
      'retention/',
      'retention/remove/',
      'retention/run/',
      'webhooks/',
      'move/',
      'move/aliases/remove/',
      'delete/',
    ];
    for (const part of forms) {
      const answer = await collaborator.send(
        path + part,
        { ...GENERAL, confirmation: 'alice/guarded' },
        '/repository/add/',
      );
      expect([part, answer.status]).toEqual([part, 403]);
      expect(answer.html).toContain('Access denied.');
    }
    expect(await row('alice/guarded')).toMatchObject({ description: '', visibility: 'public' });
  });
});

describe('the general settings', () => {
  it('are saved all at once, and shown with the private repositories that the plan allows', async () => {
    const path = await made('alice/general');
    const { html } = await alice.get(path);
    expect(html).toContain('used, no limit');
    const saved = await alice.send(path, { ...GENERAL, version: versionIn(html) });
    expect([saved.status, saved.location]).toEqual([303, path]);
    expect(await row('alice/general')).toMatchObject({
      description: 'A short one',
      full_description: '# Long\n\nOne.',
      visibility: 'unlisted',
    });
    const after = await alice.get(path);
    expect(after.html).toContain('Settings saved.');
    expect(after.html).toMatch(/checked="" value="unlisted"/);
  });

  it('say that the plan has no room for another private repository, and keep what was typed', async () => {
    const path = await made('alice/crowded');
    await server.ctx.db('namespaces').where({ name: 'alice' }).update({ plan: 'free' });
    const { html } = await alice.get(path);
    expect(html).toContain('1 of 1 private repository used');
    const refused = await alice.send(path, { ...GENERAL, visibility: 'private', version: versionIn(html) });
    await server.ctx.db('namespaces').where({ name: 'alice' }).update({ plan: 'unlimited' });
    expect(refused.status).toBe(403);
    expect(refused.html).toContain('The plan free of alice allows 1 private repository; 1 is in use.');
    expect(refused.html).toContain('value="A short one"');
    expect(refused.html).toContain('# Long\n\nOne.');
    expect(refused.html).toMatch(/checked="" value="private"/);
    expect(await row('alice/crowded')).toMatchObject({ description: '', visibility: 'public' });
  });

  it('are not overwritten by a form with an older version, unless it is sent again', async () => {
    const path = await made('alice/raced');
    const version = versionIn((await alice.get(path)).html);
    await alice.send(path, { ...GENERAL, description: 'The first', version });
    const stale = await alice.send(path, { ...GENERAL, description: 'The <second>', version });
    expect(stale.status).toBe(409);
    expect(stale.html).toContain('Someone else changed this');
    expect(stale.html).toContain('value="The &lt;second&gt;"');
    expect(stale.html).toMatch(/Saved now[^]*Short description[^]*The first/);
    expect((await row('alice/raced')).description).toBe('The first');
    const again = await alice.send(path, { ...GENERAL, description: 'The <second>', version: versionIn(stale.html) });
    expect(again.status).toBe(303);
    expect((await row('alice/raced')).description).toBe('The <second>');
  });

  it.each([
    [{ description: 'x'.repeat(101) }, 'A short description must be one line of at most 100 characters.'],
    [{ full_description: 'x'.repeat(70_000) }, 'A full description must be Markdown of at most 64 KiB'],
    [{ visibility: 'secret' }, 'Choose who can see the repository.'],
  ])('refuse invalid values (%#)', async (fields, sentence) => {
    const path = '/r/alice/app-public/settings/';
    const version = versionIn((await alice.get(path)).html);
    const { status, html } = await alice.send(path, { ...GENERAL, ...fields, version });
    expect(status).toBe(400);
    expect(html).toContain(sentence);
  });
});

describe('collaborators', () => {
  it('are added, listed and removed', async () => {
    const path = `${await made('alice/shared')}collaborators/`;
    expect((await alice.get(path)).html).toContain('No collaborators yet');
    expect((await alice.send(path, { username: 'reader' })).location).toBe(path);
    expect((await alice.get(path)).html).toMatch(/reader can now pull and push[^]*href="\/u\/reader\/"/);
    await alice.send(path, { username: 'reader' });
    expect((await alice.get(path)).html).toContain('reader was already a collaborator.');
    await alice.send(`${path}remove/`, { username: 'reader' }, path);
    expect((await alice.get(path)).html).toContain('reader is no longer a collaborator.');
    await alice.send(`${path}remove/`, { username: 'reader' }, path);
    expect((await alice.get(path)).html).toContain('reader is not a collaborator of alice/shared.');
  });

  it.each([
    ['<nobody>', 400, 'value="&lt;nobody&gt;"'],
    ['alice', 409, 'alice already owns the repository.'],
  ])('%s cannot be one, and stays in the field', async (username, status, text) => {
    const answer = await alice.send('/r/alice/app-public/settings/collaborators/', { username });
    expect(answer.status).toBe(status);
    expect(answer.html).toContain(text);
  });

  it('are for users: an organization has teams', async () => {
    const path = '/r/acme/app-public/settings/collaborators/';
    expect((await owner.get(path)).html).toContain('acme is an organization');
    expect((await owner.send(path, { username: 'reader' }, '/r/acme/app-public/settings/')).status).toBe(409);
  });
});

describe('teams', () => {
  it('are given access, and lose it', async () => {
    const path = `${await made('acme/teamed', 'owner')}teams/`;
    expect((await owner.get(path)).html).toContain('No teams have access yet');
    await owner.send(path, { team: 'write', access: 'read' });
    expect((await owner.get(path)).html).toContain('The team write now has access: pull.');
    await owner.send(path, { team: 'write', access: 'admin' });
    expect((await owner.get(path)).html).toContain('<td data-th="Access">Pull, push and change settings</td>');
    await owner.send(`${path}remove/`, { team: 'write' }, path);
    expect((await owner.get(path)).html).toContain('The team write no longer has access.');
  });

  it.each([
    [{ team: 'none-such', access: 'read' }, 400, 'No such team: acme/none-such.'],
    [{ team: 'owners', access: 'read' }, 409, 'Owners always have full access.'],
    [{ team: 'write', access: 'all' }, 400, 'Choose what the team can do.'],
  ])('%j is refused', async (fields, status, sentence) => {
    const answer = await owner.send('/r/acme/app-public/settings/teams/', fields);
    expect(answer.status).toBe(status);
    expect(answer.html).toContain(sentence);
  });

  it('are for organizations', async () => {
    const { html } = await alice.get('/r/alice/app-public/settings/teams/');
    expect(html).toContain('Only repositories of organizations have teams');
  });

  it('whose members administer a repository can change its settings too', async () => {
    const maintainer = await browseAs(server, 'maintainer');
    expect((await maintainer.get('/r/acme/app-public/settings/teams/')).status).toBe(200);
    const answer = await maintainer.send('/r/acme/app-public/settings/teams/', { team: 'read', access: 'write' });
    expect(answer.status).toBe(303);
  });
});

describe('immutable tags', () => {
  it('are set by patterns, and the page says which of the tags match', async () => {
    const path = '/r/alice/tagged/settings/tags/';
    await pushImages(server, 'alice/tagged', [createImage()], { user: 'alice', tag: 'v1' });
    const { html } = await alice.get(path);
    expect(html).toContain('No tags are immutable.');
    expect((await alice.send(path, { patterns: 'v*\r\n stable ', version: versionIn(html) })).location).toBe(path);
    expect((await row('alice/tagged')).immutable_tags).toEqual(['v*', 'stable']);
    expect((await alice.get(path)).html).toMatch(/these are immutable now:\s*<code>v1<\/code>/);
  });

  it('stay if a pattern is invalid, or someone else was faster; what was typed stays too', async () => {
    const path = `${await made('alice/patterned')}tags/`;
    const version = versionIn((await alice.get(path)).html);
    const bad = await alice.send(path, { patterns: 'v*\r\n<b>', version });
    expect(bad.status).toBe(400);
    expect(bad.html).toContain('v*\n&lt;b&gt;');
    await alice.send(path, { patterns: 'a*', version });
    const stale = await alice.send(path, { patterns: 'b*', version });
    expect(stale.status).toBe(409);
    expect(stale.html).toContain('Saved now: <code>a*</code>');
    expect((await row('alice/patterned')).immutable_tags).toEqual(['a*']);
    await alice.send(path, { patterns: '', version: versionIn(stale.html) });
    expect((await row('alice/patterned')).immutable_tags).toEqual([]);
  });
});

describe('a move', () => {
  it('renames, keeps the former name for pulls, and redirects the former name to the settings', async () => {
    const path = `${await made('alice/before')}move/`;
    const moved = await alice.send(path, { to_namespace: 'alice', to_name: 'after' });
    expect([moved.status, moved.location]).toEqual([303, '/r/alice/after/']);
    expect((await alice.get(path)).location).toBe('/r/alice/after/settings/');
    expect((await alice.get('/r/alice/after/settings/move/')).html).toContain('<code>alice/before</code>');
    const remove = (fields: Record<string, string>) =>
      alice.send('/r/alice/after/settings/move/aliases/remove/', fields, '/r/alice/after/settings/move/');
    const former = { alias_namespace: 'alice', alias_name: 'before' };
    await remove(former);
    expect((await alice.get('/r/alice/after/settings/move/')).html).toContain('No former names');
    expect((await alice.get(path)).status).toBe(404);
    await remove(former);
    expect((await alice.get('/r/alice/after/settings/move/')).html).toContain('is not a former name of');
    await remove({ alias_namespace: 'alice', alias_name: '<i>' });
    expect((await alice.get('/r/alice/after/settings/move/')).html).toContain('not a valid repository name');
  });

  it('transfers to an organization that the user owns; only such are offered', async () => {
    const path = `${await made('owner/given', 'owner')}move/`;
    const { html } = await owner.get(path);
    expect(html).toMatch(/<option value="acme">/);
    expect(html).not.toContain('<option value="alice">');
    expect((await owner.send(path, { to_namespace: 'acme', to_name: 'given' })).location).toBe('/r/acme/given/');
  });

  it.each([
    ['alice', 'app-private', 409],
    ['alice', 'NO <b>', 400],
    ['acme', 'mine', 403],
    ['nowhere', 'mine', 400],
  ])('to %s/%s is refused, and what was typed is kept', async (to_namespace, to_name, status) => {
    const path = '/r/alice/app-public/settings/move/';
    const answer = await alice.send(path, { to_namespace, to_name });
    expect(answer.status).toBe(status);
    expect(answer.html).toContain('role="alert"');
    expect(answer.html).toContain(`value="${to_name.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}"`);
  });
});

describe('deleting', () => {
  it('requires the name, which the server compares', async () => {
    const path = `${await made('alice/doomed')}delete/`;
    expect((await alice.get(path)).html).toContain('data-expects="alice/doomed"');
    const wrong = await alice.send(path, { confirmation: 'doomed' });
    expect(wrong.status).toBe(400);
    expect(wrong.html).toContain('This is not the name of the repository.');
    expect(wrong.html).toContain('value="doomed"');
    expect(await row('alice/doomed')).toBeDefined();
    const right = await alice.send(path, { confirmation: 'alice/doomed' });
    expect([right.status, right.location]).toEqual([303, '/dashboard/']);
    expect(await row('alice/doomed')).toBeUndefined();
    expect((await alice.get('/dashboard/')).html).toContain('alice/doomed was deleted.');
  });
});

describe('retention', () => {
  const path = '/r/alice/kept/settings/retention/';
  beforeAll(() => setAgedTags(server, 'alice/kept', { one: 90, two: 80, three: 70 }));

  it('is tried before it is saved, and says which tags would go and why the others stay', async () => {
    const { html } = await alice.get(path);
    expect(html).toContain('No policy applies: all tags stay.');
    const version = versionIn(html);
    const trial = await alice.send(path, { keep_last: '2', keep_tags: 'x*\r\ny', step: 'try', version });
    expect(trial.location).toBe(`${path}?keep_last=2&keep_days=&keep_tags=x*%2Cy&only_tags=`);
    const tried = await alice.get(trial.location!);
    expect(tried.html).toContain('which are not saved, 1 tag would be deleted, 2 tags would stay');
    expect(tried.html).toContain('keep it: one of the last 2 that were pushed');
    expect(tried.html).not.toContain('Run now');
    expect(await server.ctx.db('retention_policies')).toEqual([]);
    expect((await alice.send(path, { keep_last: '2', version })).location).toBe(path);
    const saved = (await alice.get(path)).html;
    expect(saved).toContain('Policy saved. Keeps the last 2 tags.');
    expect(saved).toContain('1 tag of alice/kept would be deleted.');
  });

  it('runs, and shows what the run did', async () => {
    expect((await alice.send(`${path}run/`, {}, path)).location).toBe(path);
    expect((await alice.get(path)).html).toContain('The run begins in a moment');
    await runDueJobs(server.database, retentionJobs(server.ctx));
    expect((await alice.get(path)).html).toMatch(/finished<\/span> 1 tag deleted, 2 kept/);
    expect(await tagsOf(server, 'alice/kept')).toEqual(['three', 'two']);
  });

  it('says what is wrong at the field, and keeps what was typed and what someone else saved', async () => {
    const version = versionIn((await alice.get(path)).html);
    const bad = await alice.send(path, { keep_last: 'two', keep_days: '<7>', version });
    expect([bad.status, bad.html]).toEqual([400, expect.stringContaining('Enter a whole number from 1 to 100000')]);
    expect(bad.html).toContain('value="&lt;7&gt;"');
    await alice.send(path, { keep_days: '7', version });
    const stale = await alice.send(path, { keep_days: '8', version });
    expect([stale.status, stale.html]).toEqual([
      409,
      expect.stringContaining('Keeps tags that were pushed in the last 7 days'),
    ]);
    expect((await alice.send(`${path}remove/`, {}, path)).location).toBe(path);
    expect((await alice.get(path)).html).toContain('The policy was removed.');
  });
});
