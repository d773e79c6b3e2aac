import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBuilder, type Builder } from '../../src/builder/builder';
import type { BuilderSettings } from '../../src/builder/settings';
import type { Context } from '../../src/context';
import { addLink } from '../../src/features/builds/links';
import { returnStoppedBuilds } from '../../src/features/builds/running';
import { pullAs } from '../crossing/engines';
import { startBuildChain, type BuildChain } from '../helpers/build-chain';
import { startBuilderProcess } from '../helpers/builder-process';
import { canBuild, untilNoBuildRuns } from '../helpers/build-user';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import type { GitRepository } from '../helpers/git-server';
import { describeInstalled, isInstalled } from '../helpers/installed';
import { addPerson } from '../helpers/people';

describeInstalled(canBuild() && isInstalled('skopeo', '--version'), 'an automated build', () => {
  let chain: BuildChain;
  let ctx: Context;
  let app: GitRepository;
  let base: GitRepository;
  let hub: ChildServer;
  let builder: Builder;
  let settings: BuilderSettings;

  beforeAll(async () => {
    chain = await startBuildChain();
    ({ ctx } = chain);
    const dataDir = mkdtempSync(path.join(tmpdir(), 'hub-'));
    hub = await startChildServer({ DATABASE_URL: chain.database.url, DRYDOCK_DATA_DIR: dataDir });
    settings = chain.settings(hub.url);
    builder = await startBuilder(ctx, chain.database.connection, settings);
    base = await chain.automate('alice/base');
    chain.addPrograms(base);
    base.commit({ Dockerfile: 'FROM scratch\nCOPY bin /bin\n' });
    app = await chain.automate('alice/app');
  });
  afterAll(async () => {
    await hub.end('SIGTERM');
    await chain.close();
  });

  it('goes from a push to git to an image that clients of v2 and v1 pull', async () => {
    const first = await chain.built('alice/base');
    expect(first).toMatchObject({ state: 'success', error: undefined });
    const commit = app.commit({
      hello: 'good day\n',
      Dockerfile: 'FROM alice/base\nCOPY hello /hello\nRUN cat /hello > /copied && cat /copied\nCMD ["/bin/sh"]\n',
    });
    const second = await chain.built('alice/app');
    expect(second).toMatchObject({ state: 'success', commit: { hash: commit, author: 'Ann Author' } });
    expect(second.log).toMatch(
      /^Fetching branch main of .*\nCommit [0-9a-f]{40}\nPulling alice\/base, latest\nSTEP 1\/4/,
    );
    expect(second.log).toMatch(/good day\n/);
    expect(second.log).toMatch(`Digest ${second.digest}\n`);
    const place = new URL(hub.url).host;
    const inspect = (name: string) =>
      JSON.parse(
        execFileSync('skopeo', ['inspect', '--tls-verify=false', `docker://${place}/${name}:latest`]).toString(),
      ) as { Digest: string; Layers: string[] };
    expect(inspect('alice/app').Digest).toBe(second.digest);
    expect(inspect('alice/app').Layers[0]).toBe(inspect('alice/base').Layers[0]);
  });

  it('is pulled by the recorded engine 1.5.0', async () => {
    const { hostname: host, port } = new URL(hub.url);
    const pull = () => pullAs({ host: `${host}:${port}`, port: Number(port) }, '1.5.0', 'alice/app', 'latest');
    let images = await pull();
    for (; images === undefined; images = await pull()) await sleep(50); // its images of v1 are derived in the background
    expect(images).toHaveLength(3);
    const files = images.map(({ layer }) => execFileSync('tar', ['-tzf', '-'], { input: layer }).toString());
    expect(files[0]).toMatch(/^bin\/busybox$/m);
    expect(files[2]).toMatch(/^copied$/m);
  });

  it('is built again when its base image has changed, if it is linked to it', async () => {
    await addLink(ctx, await chain.repository('alice/app'), await chain.repository('alice/base'));
    const before = await chain.queue('alice/app');
    await chain.ended('alice/app', before);
    base.commit({ Dockerfile: 'FROM scratch\nCOPY bin /bin\nLABEL edition=second\n' });
    const changed = await chain.built('alice/base');
    expect(changed.state).toBe('success');
    const linked = await chain.next('alice/app', before);
    expect(linked).toMatchObject({ state: 'success', cause: 'link', requestedBy: 'alice/base' });
    const config = execFileSync('skopeo', [
      'inspect',
      '--config',
      '--tls-verify=false',
      `docker://${new URL(hub.url).host}/alice/app@${linked.digest}`,
    ]).toString();
    expect(config).toMatch(/"edition": ?"second"/);
  });

  it('ends with the sentence of the step that failed, and leaves the tag', async () => {
    const tag = () =>
      execFileSync('skopeo', [
        'inspect',
        '--tls-verify=false',
        `docker://${new URL(hub.url).host}/alice/app:latest`,
      ]).toString();
    const before = tag();
    app.commit({ Dockerfile: 'FROM alice/base\nRUN echo oh; exit 7\n' });
    const failed = await chain.built('alice/app');
    expect(failed).toMatchObject({ state: 'error' });
    expect(failed.error).toMatch(/^building at STEP "RUN echo oh; exit 7": .*exit status 7/);
    expect(failed.log).toMatch(/^oh$/m);
    expect(tag()).toBe(before);
  });

  it('is refused a base image of others, and learns nothing about it (R316)', async () => {
    await addPerson(ctx, 'bob');
    for (const name of ['bob/unknown', 'docker.io/library/debian', 'oci:/etc']) {
      app.commit({ Dockerfile: `FROM ${name}\n` });
      const failed = await chain.built('alice/app');
      expect(failed.state).toBe('error');
      expect(failed.error).toMatch(
        /There is no repository bob\/unknown|in another registry|is not the name of an image/,
      );
    }
  });

  it('is cancelled within seconds', async () => {
    app.commit({ Dockerfile: 'FROM alice/base\nRUN echo sleeping; busybox sleep 1000\n' });
    const id = await chain.queue('alice/app');
    await chain.untilLogged('alice/app', id, /^sleeping$/m);
    await ctx.db('builds').where({ id }).update({ cancel_requested_at: ctx.db.fn.now() });
    expect(await chain.ended('alice/app', id)).toMatchObject({ state: 'cancelled' });
    await untilNoBuildRuns();
  });

  it('ends at its time limit (R307)', async () => {
    await builder.stop(AbortSignal.abort());
    builder = await startBuilder(ctx, chain.database.connection, {
      ...settings,
      limits: { ...settings.limits, timeMs: 4000 },
    });
    const failed = await chain.built('alice/app');
    expect(failed).toMatchObject({ state: 'error', error: 'The build took longer than 4 seconds.' });
    await builder.stop(AbortSignal.abort());
  });

  it('returns once to the queue when its builder is killed, of which nothing is left (R317)', async () => {
    const first = await startBuilderProcess(settings, chain.database.url);
    const id = await chain.queue('alice/app');
    await chain.untilLogged('alice/app', id, /^sleeping$/m);
    const [folder = ''] = readdirSync(settings.folder);
    await first.end('SIGKILL');
    await untilNoBuildRuns();
    app.commit({ Dockerfile: 'FROM alice/base\nRUN echo again; busybox sleep 2\n' });
    const second = await startBuilderProcess(settings, chain.database.url);
    expect(readdirSync(settings.folder)).not.toContain(folder);
    await returnStoppedBuilds(ctx, 0);
    await chain.untilLogged('alice/app', id, /^again$/m);
    expect(await second.end('SIGTERM')).toBe(0); // it lets the build finish
    expect(await chain.ended('alice/app', id)).toMatchObject({ state: 'success' });
    expect(readdirSync(settings.folder).filter((name) => name.startsWith('builder-'))).toEqual([]);
  });
});
