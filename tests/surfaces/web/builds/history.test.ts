import { noteBuilder } from '../../../../src/features/builds/running';
import { addSource } from '../../../../src/features/builds/sources';
import { createImage, pushImages } from '../../../helpers/images';
import { queueOf } from '../../../helpers/builds';
import { addBuild, addRepository, HASH, startBuildStage, type BuildStage } from './stage';

const GITHUB = 'https://github.com/alice/app.git';
const DIGEST = `sha256:${'5'.repeat(64)}`;

let stage: BuildStage;
beforeAll(async () => {
  stage = await startBuildStage();
});
afterAll(() => stage.close());

describe('the page of builds', () => {
  it('lists each build with its state, cause, commit, tag, digest and duration', async () => {
    const { server, anonymous } = stage;
    const repository = await addRepository(server, 'listed', { cloneUrl: GITHUB });
    const good = await addBuild(server, repository, { state: 'success', digest: DIGEST });
    const bad = await addBuild(server, repository, { state: 'error', error: 'It failed' });
    const { status, html } = await anonymous.get('/r/alice/listed/builds/');
    expect(status).toBe(200);
    expect(html.indexOf(`Build ${bad}`)).toBeLessThan(html.indexOf(`Build ${good}`));
    expect(html).toContain('<span class="badge good">Success</span>');
    expect(html).toContain('<span class="badge bad">Error</span>');
    expect(html).toContain(`href="https://github.com/alice/app/commit/${HASH}"`);
    expect(html).toContain('Say &lt;hello&gt;');
    expect(html).not.toContain('Because nobody did');
    expect(html).toContain('<a href="/r/alice/listed/tags/latest/">latest</a>');
    expect(html).toContain(`/r/alice/listed/manifests/${DIGEST}/`);
    expect(html).toMatch(/data-th="Duration"[^>]*>\d\.\d s</);
    expect(html).toContain(`<code>${GITHUB}</code>`);
    expect(html).not.toContain('Build now');
    expect(html).not.toContain('Retry');
    expect(html).not.toContain('data-refresh');
  });

  it('has pages', async () => {
    const { server, anonymous } = stage;
    const repository = await addRepository(server, 'many', { cloneUrl: GITHUB });
    const first = await addBuild(server, repository, { state: 'error', error: 'It failed' });
    for (let more = 0; more < 25; more += 1) await addBuild(server, repository, { state: 'error', error: 'Again' });
    const newest = await anonymous.get('/r/alice/many/builds/progress/');
    expect(newest.html).not.toContain(`Build ${first}<`);
    expect(newest.html).toContain('href="/r/alice/many/builds/?page=2"');
    expect((await anonymous.get('/r/alice/many/builds/?page=2')).html).toContain(`Build ${first}<`);
  });

  it('is replaced by a script while a build waits or runs', async () => {
    const { server, anonymous } = stage;
    const repository = await addRepository(server, 'running', { cloneUrl: GITHUB });
    const id = await addBuild(server, repository);
    const { html } = await anonymous.get('/r/alice/running/builds/');
    expect(html).toContain('data-refresh="/r/alice/running/builds/progress/?page=1"');
    const part = await anonymous.get('/r/alice/running/builds/progress/?page=1');
    expect(part.html).toMatch(/^<div data-refresh=/);
    expect(part.html).toContain('<span class="badge warn">Building</span>');
    expect(part.html).toContain(`/r/alice/running/builds/${id}/`);
  });

  it('says what to do in an automated repository without builds, and in an ordinary one', async () => {
    const { server, alice, bobby } = stage;
    await addRepository(server, 'fresh', { cloneUrl: GITHUB });
    await addRepository(server, 'plain');
    expect((await alice.get('/r/alice/fresh/builds/')).html).toContain('press “Build now” above');
    expect((await bobby.get('/r/alice/fresh/builds/')).html).toContain('The next push to the git repository');
    expect((await bobby.get('/r/alice/plain/builds/')).html).toContain('This repository is not an automated one');
  });

  it('warns administrators while no builder runs', async () => {
    const { server, alice, bobby } = stage;
    await addRepository(server, 'waiting', { cloneUrl: GITHUB });
    const path = '/r/alice/waiting/builds/';
    expect((await alice.get(path)).html).toContain('No builder is running');
    expect((await bobby.get(path)).html).not.toContain('No builder is running');
    await noteBuilder(server.ctx, 'host:1');
    expect((await alice.get(path)).html).not.toContain('No builder is running');
  });
});

describe('an automated repository', () => {
  it('is marked on its pages, in lists and in the search, and has a tab of builds', async () => {
    const { server, anonymous } = stage;
    const repository = await addRepository(server, 'marked');
    await pushImages(server, 'alice/marked', [createImage()], { user: 'alice' });
    await addSource(server.ctx, repository, { provider: 'github', cloneUrl: GITHUB });
    await addRepository(server, 'empty', { cloneUrl: GITHUB });
    const page = await anonymous.get('/r/alice/marked/');
    expect(page.html).toContain('<span class="badge plain">Automated build</span>');
    expect(page.html).toContain('<a href="/r/alice/marked/builds/">Builds</a>');
    expect((await anonymous.get('/r/alice/empty/')).html).toContain('No image has been built yet');
    for (const list of ['/u/alice/?text=marked', '/search?q=marked'])
      expect((await anonymous.get(list)).html).toContain('<span class="badge plain">Automated</span>');
    await addRepository(server, 'unmarked');
    const other = await anonymous.get('/r/alice/unmarked/');
    expect(other.html).not.toContain('Automated build');
    expect(other.html).not.toContain('/builds/');
  });
});

describe('the buttons of builds', () => {
  it('start all rules, one rule, a branch or a tag', async () => {
    const { server, alice } = stage;
    await addRepository(server, 'started', { cloneUrl: GITHUB });
    const path = '/r/alice/started/builds/';
    const { html } = await alice.get(path);
    const rule = /value="(rule-\d+)"/.exec(html)?.[1] ?? '';
    expect(html).toContain('The rule branch master → latest');
    for (const fields of [{ what: 'all' }, { what: rule }, { what: 'branch', ref: 'master' }]) {
      const sent = await alice.send(path, fields);
      expect([sent.status, sent.location]).toEqual([303, path]);
      expect((await alice.get(path)).html).toMatch(/Build \d+ of master waits for a builder/);
    }
    const missing = await alice.send(path, { what: 'branch', ref: '' });
    expect([missing.status, missing.html]).toEqual([400, expect.stringContaining('Enter the name of the branch.')]);
    const none = await alice.send(path, { what: 'tag', ref: '<v1>' });
    expect([none.status, none.html]).toEqual([400, expect.stringContaining('No build rule is about this')]);
    expect(none.html).toContain('value="&lt;v1&gt;"');
    expect(await server.ctx.db('builds').where({ cause: 'manual' }).select('no_cache')).toEqual([{ no_cache: false }]);
    await alice.send(path, { what: 'all', runs_all: 'on' });
    expect(await server.ctx.db('builds').where({ cause: 'manual' }).select('no_cache')).toEqual([{ no_cache: true }]);
  });

  it('retry a build that has ended and cancel one that waits', async () => {
    const { server, alice } = stage;
    const repository = await addRepository(server, 'retried', { cloneUrl: GITHUB });
    const ended = await addBuild(server, repository, { state: 'error', error: 'It failed' });
    const path = '/r/alice/retried/builds/';
    const retry = await alice.send(`${path}${ended}/retry/`, {}, path);
    expect(retry.status).toBe(303);
    const { html } = await alice.get(retry.location ?? '');
    expect(html).toContain('Retry by <a href="/u/alice/">alice</a>');
    expect(html).toContain('<span class="badge plain">Queued</span>');
    const cancel = await alice.send(`${retry.location}cancel/`, {}, path);
    expect([cancel.status, cancel.location]).toEqual([303, retry.location]);
    expect((await alice.get(retry.location ?? '')).html).toContain('Cancelled by alice');
    const again = await alice.send(`${retry.location}cancel/`, {}, path);
    expect([again.status, again.html]).toEqual([409, expect.stringContaining('The build has ended already.')]);
  });

  it('ask a running build to stop', async () => {
    const { server, alice } = stage;
    const repository = await addRepository(server, 'stopped', { cloneUrl: GITHUB });
    const id = await addBuild(server, repository);
    const path = '/r/alice/stopped/builds/';
    const cancel = await alice.send(`${path}${id}/cancel/`, {}, path);
    const { html } = await alice.get(cancel.location ?? '');
    expect(html).toContain(`Build ${id} ends in a moment.`);
    expect(html).toContain('<span class="badge warn">Cancelling</span>');
    expect(html).not.toContain('>Cancel<');
  });

  it('do not exist for others, who cannot send their forms either (R330)', async () => {
    const { server, alice, bobby } = stage;
    const repository = await addRepository(server, 'guarded', { cloneUrl: GITHUB });
    const waiting = (await queueOf(server.ctx, repository)).id;
    const path = '/r/alice/guarded/builds/';
    expect((await alice.get(path)).html).toContain(`Cancel build ${waiting}`);
    const shown = await bobby.get(path);
    expect(shown.html).not.toContain('Build now');
    expect(shown.html).not.toContain(`Cancel build ${waiting}`);
    const statuses = [];
    for (const form of [path, `${path}${waiting}/cancel/`, `${path}${waiting}/retry/`])
      statuses.push((await bobby.send(form, { what: 'all' }, path)).status);
    expect(statuses).toEqual([403, 403, 403]);
    expect(await server.ctx.db('builds').where({ repository_id: repository.id }).select('state')).toEqual([
      { state: 'queued' },
    ]);
  });
});

describe('the page of a build', () => {
  it('shows everything that is known of it', async () => {
    const { server, anonymous } = stage;
    const repository = await addRepository(server, 'shown', { cloneUrl: GITHUB });
    const id = await addBuild(server, repository, { state: 'error', error: 'RUN <make> failed' });
    const { status, html } = await anonymous.get(`/r/alice/shown/builds/${id}/`);
    expect(status).toBe(200);
    expect(html).toContain('Say &lt;hello&gt;\n\nBecause nobody did.');
    expect(html).toContain('by Alice &lt;alice@example.com&gt;');
    expect(html).toContain('<p class="notice problem">RUN &lt;make&gt; failed</p>');
    expect(html).toContain('<code>Dockerfile</code> in the context <code>/</code>');
    expect((await anonymous.get('/r/alice/shown/builds/4711/')).status).toBe(404);
    expect((await anonymous.get('/r/alice/shown/builds/latest/')).status).toBe(404);
  });

  it('of another repository is not found', async () => {
    const { server, anonymous } = stage;
    await addRepository(server, 'theirs', { cloneUrl: GITHUB });
    const repository = await addRepository(server, 'ours', { cloneUrl: GITHUB });
    const id = await addBuild(server, repository);
    expect((await anonymous.get(`/r/alice/theirs/builds/${id}/`)).status).toBe(404);
  });

  it('is not found in a private repository of others, nor is its list (R330)', async () => {
    const { server, alice, bobby, anonymous } = stage;
    const repository = await addRepository(server, 'hidden', { cloneUrl: GITHUB, visibility: 'private' });
    const id = await addBuild(server, repository);
    const paths = ['', 'progress/', `${id}/`, `${id}/progress/`].map((rest) => `/r/alice/hidden/builds/${rest}`);
    for (const path of paths) {
      expect([path, (await alice.get(path)).status]).toEqual([path, 200]);
      expect([path, (await bobby.get(path)).status]).toEqual([path, 404]);
      expect([path, (await anonymous.get(path)).status]).toEqual([path, 404]);
    }
  });
});
