import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBuilder, type Builder } from '../../src/builder/builder';
import type { BuilderSettings } from '../../src/builder/settings';
import { changeSource } from '../../src/features/builds/source-changes';
import { startBuildChain, type BuildChain } from '../helpers/build-chain';
import { canBuild } from '../helpers/build-user';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import type { GitRepository } from '../helpers/git-server';
import { describeInstalled } from '../helpers/installed';

const SECRET = 's3cret-of-alice\nin two lines "$(id)"';

describeInstalled(canBuild(), 'arguments and secrets of builds', () => {
  let chain: BuildChain;
  let app: GitRepository;
  let hub: ChildServer;
  let settings: BuilderSettings;
  let builder: Builder;
  let dataDir: string;

  beforeAll(async () => {
    chain = await startBuildChain();
    dataDir = mkdtempSync(path.join(tmpdir(), 'hub-'));
    hub = await startChildServer({ DATABASE_URL: chain.database.url, DRYDOCK_DATA_DIR: dataDir });
    settings = chain.settings(hub.url);
    app = await chain.automate('alice/app');
    chain.addPrograms(app);
    await changeSource(chain.ctx, await chain.repository('alice/app'), {
      buildArguments: { COLOUR: 'deep blue; $(id)', BASE: 'scratch' },
      secrets: { 'npm.token': SECRET, other: 'another secret' },
    });
    builder = await startBuilder(chain.ctx, chain.database.connection, settings);
  });
  afterAll(async () => {
    await builder.stop(AbortSignal.abort());
    await hub.end('SIGTERM');
    await chain.close();
  });

  const dockerfile = (...lines: string[]): Record<string, string> => ({
    Dockerfile: ['ARG BASE=alice/missing', 'FROM $BASE', 'ARG COLOUR', 'COPY bin /bin', ...lines, ''].join('\n'),
  });
  /** Files below a folder with the secret in them, unpacked if they are packed. */
  const filesWith = (folder: string, text: string): string =>
    execFileSync('sh', ['-c', 'grep -rlaF -- "$1" "$0" || true', folder, text]).toString();

  it('are given: values to ARG, and secrets to the steps that name them', async () => {
    app.commit(
      dockerfile(
        'RUN echo colour $COLOUR',
        'RUN --mount=type=secret,id=npm.token busybox wc -c /run/secrets/npm.token && busybox md5sum < /run/secrets/npm.token',
        'RUN busybox ls /run/secrets /secrets; busybox env | busybox grep -c SECRET; true',
      ),
    );
    const built = await chain.built('alice/app');
    expect(built).toMatchObject({ state: 'success', error: undefined });
    expect(built.log).toMatch(/^colour deep blue; \$\(id\)$/m);
    expect(built.log).toMatch(`${SECRET.length} /run/secrets/npm.token`);
    expect(built.log).toMatch(execFileSync('md5sum', { input: SECRET }).toString().slice(0, 32));
    expect(built.log).toMatch(/^ls: \/secrets: No such file or directory$/m);
    expect(built.log).toMatch(/^0$/m); // none of the variables of a step is about secrets
  });

  it('a secret is not in the image, its history, the kept layers, the database or the log (R353)', async () => {
    const use = 'RUN --mount=type=secret,id=npm.token,dst=/token';
    app.commit(dockerfile(`${use} cat /token; busybox base64 /token; echo; cat /missing`));
    const failed = await chain.built('alice/app');
    expect(failed).toMatchObject({ state: 'error' });
    expect(failed.log).toMatch(/^\[secret\]$/m);
    app.commit(dockerfile(`${use} cat /token`, 'COPY Dockerfile /'));
    const built = await chain.built('alice/app');
    expect(built).toMatchObject({ state: 'success' });
    for (const { log } of [failed, built]) expect(log).not.toMatch(/s3cret-of-alice|in two lines/);
    expect(filesWith(settings.folder, 's3cret-of-alice')).toBe('');
    expect(filesWith(dataDir, 's3cret-of-alice')).toBe('');
    const rows = await chain.ctx.db('build_sources').select();
    expect(JSON.stringify(rows)).not.toContain(Buffer.from('s3cret-of-alice').toString('hex'));
  });
});
