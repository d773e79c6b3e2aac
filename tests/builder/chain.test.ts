import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBuilder, type Builder } from '../../src/builder/builder';
import type { BuilderSettings } from '../../src/builder/settings';
import type { Context } from '../../src/context';
import { readLog } from '../../src/features/builds/build-log';
import { getBuild, type Build } from '../../src/features/builds/builds';
import { returnStoppedBuilds } from '../../src/features/builds/running';
import { addSource } from '../../src/features/builds/sources';
import { createRepository } from '../../src/features/repositories/creation';
import { getAdministered } from '../../src/features/repositories/get-repository';
import { readFullName } from '../../src/features/repositories/names';
import { addressRule } from '../../src/platform/http/address-rules';
import { startBuilderProcess } from '../helpers/builder-process';
import { BUILD_USER, canBuild, ensureBuildUser, untilNoBuildRuns } from '../helpers/build-user';
import { queueOf } from '../helpers/builds';
import { startPull } from '../helpers/images';
import { call, registryClient } from '../helpers/registry-client';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import {
  createGitRepository,
  createGitRoot,
  startGitHttp,
  type GitRepository,
  type GitServer,
} from '../helpers/git-server';
import { describeInstalled, isInstalled } from '../helpers/installed';
import { addPerson } from '../helpers/people';
import { createTestContext } from '../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import { ensureTokenKey } from '../../src/features/accounts/token-key';

const MIB = 2 ** 20;

describeInstalled(canBuild() && isInstalled('skopeo', '--version'), 'an automated build', () => {
  ensureBuildUser();
  const root = createGitRoot();
  const base = createGitRepository(root, 'base.git');
  const app = createGitRepository(root, 'app.git');
  let database: TestDatabase;
  let ctx: Context;
  let alice: Awaited<ReturnType<typeof addPerson>>;
  let hub: ChildServer;
  let git: GitServer;
  let builder: Builder;
  let settings: BuilderSettings;

  beforeAll(async () => {
    database = await createTestDatabase();
    const dataDir = mkdtempSync(path.join(tmpdir(), 'hub-'));
    hub = await startChildServer({ DATABASE_URL: database.url, DRYDOCK_DATA_DIR: dataDir });
    ctx = createTestContext(database.db);
    ctx.tokenKey.set(await ensureTokenKey(ctx));
    alice = await addPerson(ctx, 'alice');
    git = await startGitHttp(root);
    settings = {
      hub: hub.url,
      ownHosts: ['hub.example', new URL(hub.url).host],
      folder: path.join(tmpdir(), 'builds-in-chain'),
      userName: BUILD_USER,
      jobs: 2,
      limits: { timeMs: 60_000, logBytes: MIB, diskBytes: 300 * MIB, memoryBytes: 512 * MIB, processes: 400 },
      addresses: addressRule(['127.0.0.1']),
      knownHosts: undefined,
    };
    builder = await startBuilder(ctx, database.connection, settings);
    mkdirSync(path.join(base.work, 'bin'));
    for (const name of ['sh', 'cat', 'busybox']) copyFileSync('/bin/busybox', path.join(base.work, 'bin', name));
    base.commit({ Dockerfile: 'FROM scratch\nCOPY bin /bin\n' });
    await automate('alice/base', base);
    await automate('alice/app', app);
  });
  afterAll(async () => {
    await hub.end('SIGTERM');
    await git.close();
    await database.drop();
  });

  const repository = (name: string) => getAdministered(ctx, alice, readFullName(name));

  async function automate(name: string, source: GitRepository): Promise<void> {
    await createRepository(ctx, alice, readFullName(name), 'public');
    await addSource(ctx, await repository(name), { provider: 'git', cloneUrl: `${git.url}/${source.name}` });
  }

  async function queue(name: string): Promise<number> {
    return (await queueOf(ctx, await repository(name), { refName: 'main', isRequired: true })).id;
  }

  async function ended(name: string, id: number): Promise<Build & { log: string }> {
    for (;;) {
      const build = await getBuild(ctx, await repository(name), id);
      if (build.finishedAt !== undefined) return { ...build, log: await logOf(name, id) };
      await sleep(50);
    }
  }

  async function logOf(name: string, id: number): Promise<string> {
    const { chunks } = await readLog(ctx, await repository(name), id);
    return chunks.map(({ text }) => text).join('');
  }

  async function built(name: string): Promise<Build & { log: string }> {
    return ended(name, await queue(name));
  }

  it('goes from a push to git to an image that clients of v2 and v1 pull', async () => {
    const first = await built('alice/base');
    expect(first).toMatchObject({ state: 'success', error: undefined });
    const commit = app.commit({
      hello: 'good day\n',
      Dockerfile: 'FROM alice/base\nCOPY hello /hello\nRUN cat /hello > /copied && cat /copied\nCMD ["/bin/sh"]\n',
    });
    const second = await built('alice/app');
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

  it('serves the image to clients of v1', async () => {
    const authorization = await startPull(hub, 'alice/app');
    let tags: Record<string, string> = {};
    while (tags['latest'] === undefined) {
      const answer = await call(hub, 'get', '/v1/repositories/alice/app/tags', { authorization });
      tags = answer.status === 200 ? (JSON.parse(answer.text) as Record<string, string>) : {};
      await sleep(50);
    }
    const client = registryClient(hub, authorization);
    const ancestry = JSON.parse((await client.get(tags['latest'], 'ancestry')).text) as string[];
    expect(ancestry).toHaveLength(3);
    const files = await Promise.all(ancestry.map(async (id) => (await client.get(id, 'layer')).bytes));
    const listing = files.map((bytes) => execFileSync('tar', ['-tzf', '-'], { input: bytes }).toString());
    expect(listing.join('')).toMatch(/copied/);
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
    const failed = await built('alice/app');
    expect(failed).toMatchObject({ state: 'error' });
    expect(failed.error).toMatch(/^building at STEP "RUN echo oh; exit 7": .*exit status 7/);
    expect(failed.log).toMatch(/^oh$/m);
    expect(tag()).toBe(before);
  });

  it('is refused a base image of others, and learns nothing about it (R316)', async () => {
    await addPerson(ctx, 'bob');
    for (const name of ['bob/unknown', 'docker.io/library/debian', 'oci:/etc']) {
      app.commit({ Dockerfile: `FROM ${name}\n` });
      const failed = await built('alice/app');
      expect(failed.state).toBe('error');
      expect(failed.error).toMatch(
        /There is no repository bob\/unknown|in another registry|is not the name of an image/,
      );
    }
  });

  it('is cancelled within seconds', async () => {
    app.commit({ Dockerfile: 'FROM alice/base\nRUN echo sleeping; busybox sleep 1000\n' });
    const id = await queue('alice/app');
    while (!/^sleeping$/m.test(await logOf('alice/app', id))) await sleep(50);
    await ctx.db('builds').where({ id }).update({ cancel_requested_at: ctx.db.fn.now() });
    expect(await ended('alice/app', id)).toMatchObject({ state: 'cancelled' });
    await untilNoBuildRuns();
  });

  it('ends at its time limit (R307)', async () => {
    await builder.stop(AbortSignal.abort());
    builder = await startBuilder(ctx, database.connection, {
      ...settings,
      limits: { ...settings.limits, timeMs: 4000 },
    });
    const failed = await built('alice/app');
    expect(failed).toMatchObject({ state: 'error', error: 'The build took longer than 4 seconds.' });
    await builder.stop(AbortSignal.abort());
  });

  it('returns once to the queue when its builder is killed, of which nothing is left (R317)', async () => {
    const first = await startBuilderProcess(settings, database.url);
    const id = await queue('alice/app');
    while (!/^sleeping$/m.test(await logOf('alice/app', id))) await sleep(50);
    const [folder = ''] = readdirSync(settings.folder);
    await first.end('SIGKILL');
    await untilNoBuildRuns();
    app.commit({ Dockerfile: 'FROM alice/base\nRUN echo again; busybox sleep 2\n' });
    const second = await startBuilderProcess(settings, database.url);
    expect(readdirSync(settings.folder)).not.toContain(folder);
    await returnStoppedBuilds(ctx, 0);
    while (!/^again$/m.test(await logOf('alice/app', id))) await sleep(50);
    expect(await second.end('SIGTERM')).toBe(0); // it lets the build finish
    expect(await ended('alice/app', id)).toMatchObject({ state: 'success' });
    expect(readdirSync(settings.folder)).toEqual([]);
  });
});
