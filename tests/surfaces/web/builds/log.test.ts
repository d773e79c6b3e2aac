import { appendLog } from '../../../../src/features/builds/build-log';
import { finishBuild } from '../../../../src/features/builds/running';
import { LiveStreams } from '../../../../src/platform/http/live-streams';
import { EventStream } from '../../../helpers/event-stream';
import { addBuild, addRepository, startBuildStage, type BuildStage } from './stage';

const SOURCE = { cloneUrl: 'https://git.test/app.git' };

let stage: BuildStage;
beforeAll(async () => {
  stage = await startBuildStage();
});
afterAll(() => stage.close());

/** A running build, to whose log lines can be added. */
async function running(name: string, visibility: 'public' | 'private' = 'public') {
  const { server } = stage;
  const repository = await addRepository(server, name, { ...SOURCE, visibility });
  const buildId = await addBuild(server, repository);
  const holder = { buildId, builder: 'host:1' };
  return {
    path: `/r/alice/${name}/builds/${buildId}/`,
    write: (text: string) => appendLog(server.ctx, holder, text),
    end: (state: 'success' | 'error' = 'error') =>
      finishBuild(
        server.ctx,
        holder,
        state === 'success' ? { state, digest: `sha256:${'5'.repeat(64)}` } : { state, error: 'It failed' },
      ),
  };
}

describe('the log on the page of a build', () => {
  it('has its steps with their times; of a failed build the last one is open', async () => {
    const build = await running('steps');
    await build.write('Fetching branch master of https://git.test/app.git\nCommit 0123\n');
    await build.write('STEP 1/2: FROM scratch\nSTEP 2/2: RUN <make>\n\x1b[31merror\x1b[0m: <b>\n');
    await build.end();
    const { html } = await stage.anonymous.get(build.path);
    const steps = [...html.matchAll(/<details class="step"[^>]*?( open="")?><summary><span class="mono">([^<]*)/g)];
    expect(steps.map(([, open, title]) => [open !== undefined, title])).toEqual([
      [false, 'Fetching branch master of https://git.test/app.git'],
      [false, 'STEP 1/2: FROM scratch'],
      [true, 'STEP 2/2: RUN &lt;make&gt;'],
    ]);
    expect(html).toMatch(/<span class="fine took">\d\.\d s<\/span>/);
    expect(html).toContain('<span class="line"><span class="t-1">error</span>: &lt;b&gt;\n</span>');
    expect(html).not.toContain('data-events');
  });

  it('is followed by the script while the build runs; without it, a link loads the page again', async () => {
    const build = await running('followed');
    await build.write('STEP 1/1: FROM scratch\n');
    await build.write('more\n');
    const { html } = await stage.anonymous.get(build.path);
    expect(html).toContain(`data-events="${build.path}events/?after=2"`);
    expect(html).toContain(`<a href="${build.path}">load the page again</a>`);
  });

  it('is cut at its beginning if it is long, and the page says so', async () => {
    const build = await running('long');
    await build.write('the first line\n');
    for (let at = 0; at < 12; at += 1) await build.write(`${'x'.repeat(99)}\n`.repeat(500));
    await build.write('the last line\n');
    await build.end();
    const { html } = await stage.anonymous.get(build.path);
    expect(html).toContain('This is its end');
    expect(html).toContain('the last line');
    expect(html).not.toContain('the first line');
    expect(html).not.toContain('data-whole');
    expect(html.length).toBeLessThan(1_000_000);
    const found = await stage.anonymous.get(`${build.path}?q=the+FIRST`);
    expect(found.html).toContain('1 line with “the FIRST”');
    expect(found.html).toContain('<mark>the first</mark> line');
  });

  it('says why there is none', async () => {
    const empty = await running('nothing');
    await empty.end();
    expect((await stage.anonymous.get(empty.path)).html).toContain('This build has no log');
    const old = await running('old');
    await old.write('line\n');
    await old.end();
    await stage.server.ctx
      .db('build_logs')
      .where({ build_id: old.path.split('/')[5] })
      .delete();
    expect((await stage.anonymous.get(old.path)).html).toContain('The log was deleted');
  });

  it('is searched without a script', async () => {
    const build = await running('searched');
    await build.write('STEP 1/2: FROM scratch\nfine\n');
    await build.write(`STEP 2/2: RUN make\n\x1b[31mEr\x1b[0mror <1>\n${'an error\n'.repeat(600)}`);
    const { html } = await stage.anonymous.get(`${build.path}?q=Error`);
    expect(html).toContain('601 lines with “Error”, of which these are the first 500');
    expect(html).toContain('<mark>Error</mark> &lt;1&gt;');
    expect(html).toContain('value="Error"');
    expect(html).not.toContain('STEP 1/2');
    const none = await stage.anonymous.get(`${build.path}?q=${encodeURIComponent('<nothing>')}`);
    expect(none.html).toContain('No line has “&lt;nothing&gt;”');
  });

  it('is downloaded as plain text', async () => {
    const build = await running('downloaded');
    await build.write('\x1b[31mred\x1b[0m <b>\n');
    await build.write('more\n');
    const answer = await fetch(`${stage.server.url}${build.path}log.txt`);
    expect(await answer.text()).toBe('red <b>\nmore\n');
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="alice-downloaded-build-\d+\.txt"$/,
    );
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('the events of a log', () => {
  const dataOf = (text: string): { id: string | undefined; data: Record<string, string> }[] =>
    text
      .split('\n\n')
      .filter((event) => event.includes('data: '))
      .map((event) => ({
        id: /^id: (\d+)$/m.exec(event)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '{}') as Record<string, string>,
      }));

  it('are what is written, until the build ends; proxies are asked not to hold them back', async () => {
    const build = await running('live');
    await build.write('STEP 1/2: FROM scratch\n');
    const events = new EventStream(`${stage.server.url}${build.path}events/`);
    await events.has('FROM scratch');
    expect([events.status, events.headers]).toEqual([
      200,
      expect.objectContaining({
        'content-type': 'text/event-stream',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      }),
    ]);
    await build.write('copied <1>\nSTEP 2/2: RUN make\nmade\n');
    await events.has('made');
    await build.end('success');
    await events.ended;
    const [first, second, end] = dataOf(events.text);
    expect([first?.id, first?.data['html']]).toEqual(['1', expect.stringMatching(/^<details class="step"/)]);
    expect(second?.id).toBe('2');
    expect(second?.data['html']).toMatch(/^<span class="line">copied &lt;1&gt;\n<\/span><details class="step"/);
    expect(end?.data).toEqual({ state: 'success', at: expect.any(String) });
    expect(events.text.startsWith('retry: 2000\n\n')).toBe(true);
  });

  it('continue after the last one, by its header or by the query', async () => {
    const build = await running('resumed');
    for (const line of ['one', 'two', 'three']) await build.write(`${line}\n`);
    await build.end();
    for (const [path, headers] of [
      ['events/?after=2', {}],
      ['events/?after=0', { 'Last-Event-ID': '2' }],
    ] as const) {
      const events = new EventStream(`${stage.server.url}${build.path}${path}`, headers);
      await events.ended;
      expect(dataOf(events.text)).toEqual([
        { id: '3', data: { html: '<span class="line">three\n</span>' } },
        { id: undefined, data: { state: 'error', at: expect.any(String) } },
      ]);
    }
  });

  it('end where a line does, so that nothing is lost between two connections', async () => {
    const build = await running('pieces');
    await build.write('whole\n');
    await build.write('be');
    const events = new EventStream(`${stage.server.url}${build.path}events/`);
    await events.has('whole');
    await build.write('gun\n');
    await events.has('begun');
    events.close();
    expect(dataOf(events.text).map(({ id }) => id)).toEqual(['1', '3']);
  });

  it('of a private repository, and its log, are not found for others (R330)', async () => {
    const build = await running('secret', 'private');
    await build.write('secret\n');
    await build.end();
    for (const rest of ['events/', 'log.txt', '', '?q=secret']) {
      expect([rest, (await stage.alice.get(`${build.path}${rest}`)).status]).toEqual([rest, 200]);
      expect([rest, (await stage.bobby.get(`${build.path}${rest}`)).status]).toEqual([rest, 404]);
      expect([rest, (await stage.anonymous.get(`${build.path}${rest}`)).status]).toEqual([rest, 404]);
    }
  });

  it('end when the server stops; there is a limit of them, and one that ends is replaced (R332)', async () => {
    const build = await running('limited');
    const { ctx } = stage.server;
    const before = ctx.liveStreams;
    const streams = new LiveStreams({ all: 2, each: 2 });
    Object.assign(ctx, { liveStreams: streams });
    const path = `${stage.server.url}${build.path}events/`;
    const [first, second] = [new EventStream(path), new EventStream(path)];
    await Promise.all([first.has('retry'), second.has('retry')]);
    const refused = new EventStream(path);
    await refused.ended;
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10']);
    first.close();
    let third = new EventStream(path);
    while (!(await third.has('retry'))) third = new EventStream(path);
    streams.close();
    await Promise.all([second.ended, third.ended]);
    Object.assign(ctx, { liveStreams: before });
    expect([second.status, third.status]).toEqual([200, 200]);
  });
});
