import { getAdministered, getReadable } from '../../../../src/features/repositories/get-repository';
import { addLink } from '../../../../src/features/builds/links';
import { actorOf } from '../../../helpers/actors';
import { addUser } from '../../../helpers/test-server';
import { browseAs } from '../../../helpers/browse';
import { addRepository, startBuildStage, type BuildStage } from './stage';

const HTTPS = 'https://git.test/app.git';
const SSH = 'ssh://git@git.test/app.git';

let stage: BuildStage;
beforeAll(async () => {
  stage = await startBuildStage();
});
afterAll(() => stage.close());

const settingsOf = (name: string): string => `/r/alice/${name}/settings/builds/`;
const copied = (html: string, label: string): string =>
  (new RegExp(`aria-label="${label}">([^<]*)<`).exec(html)?.[1] ?? '').replaceAll('&amp;', '&');
const versionIn = (html: string): string =>
  (/name="version" value="([^"]*)"/.exec(html)?.[1] ?? '').replaceAll('&quot;', '"');
const sourceRow = async (name: string): Promise<Record<string, unknown>> => {
  const { db } = stage.server.ctx;
  return db('build_sources as s')
    .join('repositories as r', 'r.id', 's.repository_id')
    .where({ 'r.name': name })
    .first('s.*');
};

/** The fields of a new source. */
const NEW = {
  provider: 'github',
  clone_url: HTTPS,
  credential: 'implied',
  ref_type: 'branch',
  ref_pattern: 'main',
  dockerfile_path: 'docker/',
  docker_tag: 'latest',
};

describe('making a repository an automated one', () => {
  it('shows the URL and the secret of its hooks once, and says whose rights builds have', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'fresh');
    const before = await alice.get(settingsOf('fresh'));
    expect(before.html).toContain('Builds have your rights');
    expect((await alice.get('/r/alice/fresh/builds/')).html).toContain(
      `<a href="${settingsOf('fresh')}">Build it from git</a>`,
    );
    const made = await alice.send(settingsOf('fresh'), NEW);
    expect(made.status).toBe(200);
    const secret = copied(made.html, 'Secret of the hooks');
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(copied(made.html, 'URL of the hooks')).toContain('/hooks/builds/');
    expect(made.html).toContain('Automated build');
    for (const path of [settingsOf('fresh'), `${settingsOf('fresh')}rules/`, '/r/alice/fresh/builds/'])
      expect((await alice.get(path)).html).not.toContain(secret);
    const later = await alice.get(settingsOf('fresh'));
    expect(copied(later.html, 'URL of the hooks')).toBe(copied(made.html, 'URL of the hooks'));
    const rules = await alice.get(`${settingsOf('fresh')}rules/`);
    expect(rules.html).toContain('branch <code>main</code>');
    expect(rules.html).toContain('<code>docker/Dockerfile</code>');
  });

  it('shows the deploy key of a URL of ssh, also later', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'keyed');
    const made = await alice.send(settingsOf('keyed'), { ...NEW, clone_url: 'git@git.test:app.git' });
    const key = copied(made.html, 'Deploy key');
    expect(key).toMatch(/^ssh-ed25519 \S+ drydock:alice\/keyed$/);
    expect(copied((await alice.get(settingsOf('keyed'))).html, 'Deploy key')).toBe(key);
  });

  it.each([
    [{ clone_url: 'javascript:alert(1)' }, 'Enter the URL of a git repository'],
    [{ clone_url: `https://user:word@git.test/app.git` }, 'must not contain a username or password'],
    [{ provider: 'sourceforge' }, 'Choose where the git repository is'],
    [{ credential: 'token' }, 'Enter the token.'],
    [{ credential: 'token', token: 'hidden-token', clone_url: SSH }, 'A deploy key is for URLs of ssh'],
    [{ ref_pattern: '-x' }, 'Enter the name of a branch or tag'],
    [{ docker_tag: '{ref} {sha}' }, 'Enter a tag: letters'],
    [{ dockerfile_path: '../Dockerfile' }, 'without .. and backslashes'],
  ])('refuses %j, and keeps what was typed except for the token', async (wrong, sentence) => {
    const { server, alice } = stage;
    await addRepository(server, 'refused');
    const { status, html } = await alice.send(settingsOf('refused'), { ...NEW, context_path: '<folder>', ...wrong });
    expect([status, html]).toEqual([400, expect.stringContaining(sentence)]);
    expect(html).toContain('value="&lt;folder&gt;"');
    expect(html).not.toContain('hidden-token');
    expect(await sourceRow('refused')).toBeUndefined();
  });

  it('creates an automated repository in one form', async () => {
    const { alice } = stage;
    const path = '/repository/add/automated/';
    expect((await alice.get('/repository/add/')).html).toContain(`href="${path}?namespace=alice"`);
    const fields = { namespace: 'alice', name: 'whole', description: 'All at once', visibility: 'private', ...NEW };
    const bad = await alice.send(path, { ...fields, clone_url: 'nothing' });
    expect([bad.status, bad.html]).toEqual([400, expect.stringContaining('value="All at once"')]);
    const made = await alice.send(path, fields);
    expect([made.status, copied(made.html, 'Secret of the hooks')]).toEqual([
      200,
      expect.stringMatching(/^[\w-]{43}$/),
    ]);
    expect((await alice.get('/r/alice/whole/')).html).toContain('Automated build');
    expect((await stage.bobby.get('/r/alice/whole/')).status).toBe(404);
    const again = await alice.send(path, fields);
    expect([again.status, again.html]).toEqual([409, expect.stringContaining('class="notice problem"')]);
  });
});

describe('the source', () => {
  it('is changed, unless someone else has changed it in the meantime', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'changed', { cloneUrl: HTTPS });
    const path = settingsOf('changed');
    const version = versionIn((await alice.get(path)).html);
    const fields = { provider: 'gitea', clone_url: `${HTTPS}2`, credential: 'kept', syncs_description: 'on' };
    const saved = await alice.send(`${path}change/`, { version, ...fields }, path);
    expect([saved.status, saved.location]).toEqual([303, path]);
    expect(await sourceRow('changed')).toMatchObject({
      provider: 'gitea',
      clone_url: `${HTTPS}2`,
      syncs_description: true,
    });
    const stale = await alice.send(`${path}change/`, { version, ...fields, clone_url: HTTPS }, path);
    expect([stale.status, stale.html]).toEqual([409, expect.stringContaining('Someone else changed this')]);
    const again = await alice.send(
      `${path}change/`,
      { version: versionIn(stale.html), ...fields, clone_url: HTTPS },
      path,
    );
    expect(again.status).toBe(303);
    expect(await sourceRow('changed')).toMatchObject({ clone_url: HTTPS });
  });

  it('gets a token, which no page shows; the network of builds is for site administrators', async () => {
    const { server, alice } = stage;
    await addUser(server, 'root', { isAdmin: true });
    const root = await browseAs(server, 'root');
    await addRepository(server, 'sealed', { cloneUrl: HTTPS });
    const path = settingsOf('sealed');
    const change = async (who: typeof alice, fields: Record<string, string>) => {
      const version = versionIn((await who.get(path)).html);
      return who.send(`${path}change/`, { version, provider: 'git', clone_url: HTTPS, ...fields }, path);
    };
    expect((await change(alice, { credential: 'token', token: 'secret-token', allows_network: 'on' })).status).toBe(
      303,
    );
    expect(await sourceRow('sealed')).toMatchObject({ credential_kind: 'token', allows_network: false });
    const { html } = await alice.get(path);
    expect(html).not.toContain('secret-token');
    expect(html).not.toContain('allows_network');
    expect((await change(root, { credential: 'kept', allows_network: 'on' })).status).toBe(303);
    expect(await sourceRow('sealed')).toMatchObject({ credential_kind: 'token', allows_network: true });
  });

  it('gets new hooks, and is removed', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'ended', { cloneUrl: HTTPS });
    const path = settingsOf('ended');
    const url = copied((await alice.get(path)).html, 'URL of the hooks');
    const renewed = await alice.send(`${path}hook/`, {}, path);
    expect(copied(renewed.html, 'Secret of the hooks')).toMatch(/^[\w-]{43}$/);
    expect(copied(renewed.html, 'URL of the hooks')).not.toBe(url);
    const removed = await alice.send(`${path}remove/`, {}, path);
    expect([removed.status, removed.location]).toEqual([303, path]);
    expect((await alice.get(path)).html).toContain('Build this repository from git');
    expect((await alice.get('/r/alice/ended/')).html).not.toContain('Automated build');
  });
});

describe('build rules', () => {
  it('are added, edited and deleted one by one', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'ruled', { cloneUrl: HTTPS });
    const path = `${settingsOf('ruled')}rules/`;
    const added = await alice.send(path, { ...NEW, ref_type: 'tag', ref_pattern: 'v*', docker_tag: '{ref}' });
    expect([added.status, added.location]).toEqual([303, path]);
    const { html } = await alice.get(path);
    expect(html).toMatch(/branch <code>master<\/code>[\s\S]*tag <code>v\*<\/code>/);
    const rule = /href="([^"]*rules\/\d+\/)" aria-label="Edit the rule tag v\*"/.exec(html)?.[1] ?? '';
    const shown = await alice.get(rule);
    expect(shown.html).toContain('value="docker/Dockerfile"');
    const version = versionIn(shown.html);
    const bad = await alice.send(rule, { version, ...NEW, docker_tag: '<no tag>' });
    expect([bad.status, bad.html]).toEqual([400, expect.stringContaining('value="&lt;no tag&gt;"')]);
    expect((await alice.send(rule, { version, ...NEW, ref_pattern: '/^rc-/' })).status).toBe(303);
    expect((await alice.get(path)).html).toContain('branch <code>/^rc-/</code>');
    expect((await alice.send(rule, { version, ...NEW })).status).toBe(409);
    expect((await alice.send(`${rule}delete/`, {}, rule)).status).toBe(303);
    expect((await alice.get(path)).html).not.toContain('rc-');
    expect((await alice.get(rule)).status).toBe(404);
  });
});

describe('triggers', () => {
  it('a URL is created, shown once, replaced and removed; its calls are listed', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'called', { cloneUrl: HTTPS });
    const [path, page] = [`${settingsOf('called')}trigger/`, `${settingsOf('called')}triggers/`];
    const made = await alice.send(path, {}, page);
    const url = copied(made.html, 'Trigger URL');
    expect(url).toMatch(/\/u\/alice\/called\/trigger\/[\w-]{43}\/$/);
    expect((await alice.get(page)).html).not.toContain(url);
    const called = await fetch(`${server.url}${new URL(url).pathname}`, {
      method: 'POST',
      body: new URLSearchParams({ docker_tag: 'latest' }),
    });
    expect(called.status).toBe(200);
    const { html } = await alice.get(page);
    expect(html).toContain('docker tag latest');
    expect(html).toContain('>started<');
    const other = copied((await alice.send(path, {}, page)).html, 'Trigger URL');
    expect(other).not.toBe(url);
    expect((await alice.send(`${path}remove/`, {}, page)).status).toBe(303);
    expect((await alice.get(page)).html).toContain('Create a trigger URL');
  });

  it('a schedule is set and switched off', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'timed', { cloneUrl: HTTPS });
    const [path, page] = [`${settingsOf('timed')}schedule/`, `${settingsOf('timed')}triggers/`];
    const bad = await alice.send(path, { schedule: '* * * * *' }, page);
    expect([bad.status, bad.html]).toEqual([400, expect.stringContaining('at most once an hour')]);
    expect(bad.html).toContain('value="* * * * *"');
    expect((await alice.send(path, { schedule: '17 3 * * *' }, page)).status).toBe(303);
    expect((await alice.get(page)).html).toMatch(/The next builds are at <time [^>]*>\d{4}-\d\d-\d\d 03:17 UTC/);
    expect((await alice.send(path, { schedule: '' }, page)).status).toBe(303);
    expect(await sourceRow('timed')).toMatchObject({ schedule: null });
  });

  it('links to base repositories are added and removed; what others keep private stays hidden', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'based', { cloneUrl: HTTPS });
    await addRepository(server, 'base', { cloneUrl: HTTPS });
    const bobby = await actorOf(server, 'bobby');
    const [path, page] = [`${settingsOf('based')}links/`, `${settingsOf('based')}triggers/`];
    expect((await alice.send(path, { base: 'alice/base' }, page)).status).toBe(303);
    expect((await alice.get(page)).html).toContain('<a href="/r/alice/base/">alice/base</a>');
    for (const base of ['bobby/secret', '<nothing>', 'alice/based']) {
      const refused = await alice.send(path, { base }, page);
      expect([refused.status >= 400, refused.html]).toEqual([true, expect.stringContaining('class="notice problem"')]);
    }
    const theirs = await getAdministered(server.ctx, await actorOf(server, 'alice'), {
      namespace: 'alice',
      name: 'base',
    });
    const ours = await getReadable(server.ctx, bobby, { namespace: 'alice', name: 'based' });
    await expect(addLink(server.ctx, theirs, ours)).rejects.toThrow('would close a cycle');
    const field = /name="base" value="([^"]+)"/.exec((await alice.get(page)).html)?.[1] ?? '';
    expect((await alice.send(`${path}remove/`, { base: field }, page)).status).toBe(303);
    expect((await alice.get(page)).html).not.toContain('>alice/base<');
  });

  it('and rules ask for a source first', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'ordinary');
    for (const page of ['rules/', 'triggers/'])
      expect((await alice.get(`${settingsOf('ordinary')}${page}`)).html).toContain('say where it is built from');
  });
});

it('the settings of builds are for administrators of the repository (R330)', async () => {
  const { server, bobby, anonymous } = stage;
  await addRepository(server, 'mine', { cloneUrl: HTTPS });
  for (const page of ['', 'rules/', 'triggers/']) {
    expect((await bobby.get(`${settingsOf('mine')}${page}`)).status).toBe(403);
    expect((await anonymous.get(`${settingsOf('mine')}${page}`)).status).toBe(303);
  }
});

it('the Dockerfile of the last build has a page', async () => {
  const { server, anonymous } = stage;
  const { id } = await addRepository(server, 'filed', { cloneUrl: HTTPS });
  const path = '/r/alice/filed/builds/dockerfile/';
  expect((await anonymous.get(path)).html).toContain('There is no Dockerfile yet');
  expect((await anonymous.get('/r/alice/filed/builds/')).html).not.toContain('See the Dockerfile');
  await server.ctx
    .db('build_sources')
    .where({ repository_id: id })
    .update({ dockerfile: '\nFROM scratch\n# <script>' });
  expect((await anonymous.get(path)).html).toContain(
    'aria-label="Dockerfile">\n\nFROM scratch\n# &lt;script&gt;</pre>',
  );
  expect((await anonymous.get('/r/alice/filed/builds/')).html).toContain(`<a href="${path}">See the Dockerfile`);
});
