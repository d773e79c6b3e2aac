import { query } from '../../../../src/platform/db/query';
import { queueOf } from '../../../helpers/builds';
import { addBuild, addRepository, startBuildStage, type BuildStage } from './stage';

const SOURCE = { cloneUrl: 'https://git.test/app.git' };
const GOOD = { state: 'success', digest: `sha256:${'5'.repeat(64)}` } as const;
const BAD = { state: 'error', error: 'It failed' } as const;

let stage: BuildStage;
beforeAll(async () => {
  stage = await startBuildStage();
});
afterAll(() => stage.close());

const badge = (name: string, rest = '', headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${stage.server.url}/r/alice/${name}/builds/badge.svg${rest}`, { headers });

describe('the badge of a repository', () => {
  it('says how the last build ended, with a title, and may be shown by other sites', async () => {
    const { server } = stage;
    const repository = await addRepository(server, 'public', SOURCE);
    expect(await (await badge('public')).text()).toContain('<title>Build of alice/public: not built</title>');
    await addBuild(server, repository, BAD);
    await addBuild(server, repository, GOOD);
    await addBuild(server, repository);
    const answer = await badge('public');
    expect(await answer.text()).toMatch(/^<svg [^>]*role="img" aria-label="Build of alice\/public: passing"/);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/svg+xml',
      'cache-control': 'public, max-age=60',
      'cross-origin-resource-policy': 'cross-origin',
      'content-security-policy': "default-src 'none'",
    });
    expect(answer.headers.get('set-cookie')).toBeNull();
    const again = await badge('public', '', { 'If-None-Match': answer.headers.get('etag') ?? '' });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('is about one branch or tag, or one docker tag, if that is asked for', async () => {
    const { server } = stage;
    const repository = await addRepository(server, 'several', SOURCE);
    await addBuild(server, repository, BAD);
    const { id } = await queueOf(server.ctx, repository, { refName: 'v1', refType: 'tag', tag: '1.0' });
    await server.ctx.db('builds').where({ id }).update({ state: 'success', finished_at: server.ctx.db.fn.now() });
    const texts = [];
    for (const rest of ['', '?ref=master', '?ref=v1', '?tag=1.0', '?tag=latest', '?ref=other', '?ref='])
      texts.push(/: ([\w ]+)<\/title>/.exec(await (await badge('several', rest)).text())?.[1]);
    expect(texts).toEqual(['passing', 'failing', 'passing', 'passing', 'failing', 'not built', 'passing']);
  });

  it('of a private repository is not found for others (R330)', async () => {
    const { server, alice, bobby } = stage;
    await addRepository(server, 'private', { ...SOURCE, visibility: 'private' });
    expect((await badge('private')).status).toBe(404);
    expect((await bobby.get('/r/alice/private/builds/badge.svg')).status).toBe(404);
    expect((await alice.get('/r/alice/private/builds/badge.svg')).status).toBe(200);
    expect((await alice.get('/r/alice/private/builds/')).html).toContain('and are signed in, see it');
  });

  it('is on the page of builds, with the line to paste', async () => {
    const { server, anonymous } = stage;
    await addRepository(server, 'shown', SOURCE);
    const { html } = await anonymous.get('/r/alice/shown/builds/');
    const at = `http://${server.host}/r/alice/shown/builds/`;
    expect(html).toContain('<img src="/r/alice/shown/builds/badge.svg"');
    expect(html).toContain(`[![Build](${at}badge.svg)](${at})`);
  });
});

describe('the chart of build times', () => {
  it('has a bar for each of the last builds that was not cancelled, and a table of the same', async () => {
    const { server, anonymous } = stage;
    const repository = await addRepository(server, 'timed', SOURCE);
    const path = '/r/alice/timed/builds/';
    const first = await addBuild(server, repository, GOOD);
    expect((await anonymous.get(path)).html).not.toContain('Build times');
    await addBuild(server, repository, { state: 'cancelled' });
    const last = await addBuild(server, repository, BAD);
    await query(
      server.ctx.db,
      `update builds set finished_at = started_at + case id when $1 then 84 else 12.5 end * interval '1 second'
       where id in ($1, $2)`,
      [first, last],
    );
    const { html } = await anonymous.get(path);
    expect(html).toContain(
      'aria-label="How long the last 2 builds took, at most 1 min 24 s; the table below lists them"',
    );
    expect(html).toContain('<p class="bar-ends fine"><span>2 min 0 s</span></p>');
    expect(html).toContain(`<title>Build ${first}: success, 1 min 24 s</title>`);
    expect(html).toContain(`<title>Build ${last}: error, 13 s</title>`);
    expect([...html.matchAll(/<rect class="series-(\d)"[^>]* height="([\d.]+)"/g)].map(([, ...bar]) => bar)).toEqual([
      ['4', '140'],
      ['8', '20.8'],
    ]);
    expect(html).toMatch(/<caption class="unseen">Times of builds, the newest first[\s\S]*?13 s[\s\S]*?1 min 24 s/);
    expect((await anonymous.get(`${path}?page=2`)).html).not.toContain('Build times');
  });
});
