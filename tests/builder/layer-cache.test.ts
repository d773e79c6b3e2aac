import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBuilder, type Builder } from '../../src/builder/builder';
import type { BuilderSettings } from '../../src/builder/settings';
import { returnStoppedBuilds } from '../../src/features/builds/running';
import { startBuilds } from '../../src/features/builds/starting';
import { startBuildChain, type BuildChain, type EndedBuild } from '../helpers/build-chain';
import { canBuild } from '../helpers/build-user';
import { startBuilderProcess } from '../helpers/builder-process';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import type { GitRepository } from '../helpers/git-server';
import { describeInstalled } from '../helpers/installed';

/** What a step printed that prints another text each time. */
function random({ log }: EndedBuild): string | undefined {
  return /^random ([0-9a-f-]{36})$/m.exec(log)?.[1];
}

describeInstalled(canBuild(), 'the layers of earlier builds', () => {
  let chain: BuildChain;
  let app: GitRepository;
  let hub: ChildServer;
  let settings: BuilderSettings;
  let builder: Builder | undefined;

  const start = async (changed: Partial<BuilderSettings> = {}): Promise<void> => {
    await builder?.stop(AbortSignal.abort());
    builder = await startBuilder(chain.ctx, chain.database.connection, { ...settings, ...changed });
  };
  const lines = (...more: string[]): Record<string, string> => {
    const random = 'RUN echo random $(cat /proc/sys/kernel/random/uuid)';
    return { Dockerfile: ['FROM scratch', 'COPY bin /bin', random, ...more, ''].join('\n') };
  };
  const kept = (): string[] => {
    const folder = readdirSync(settings.folder).find((name) => name.startsWith('cache-')) ?? '';
    return readdirSync(path.join(settings.folder, folder));
  };

  beforeAll(async () => {
    chain = await startBuildChain();
    const dataDir = mkdtempSync(path.join(tmpdir(), 'hub-'));
    hub = await startChildServer({ DATABASE_URL: chain.database.url, DRYDOCK_DATA_DIR: dataDir });
    settings = chain.settings(hub.url);
    app = await chain.automate('alice/app');
    chain.addPrograms(app);
    await start();
  });
  afterAll(async () => {
    await builder?.stop(AbortSignal.abort());
    await hub.end('SIGTERM');
    await chain.close();
  });

  it('are used by the next build of the repository, also after one whose step failed', async () => {
    app.commit(lines());
    const first = await chain.built('alice/app');
    expect(first.error).toBeUndefined();
    expect(random(first)).toBeDefined();
    app.commit(lines('RUN cat /missing'));
    const failed = await chain.built('alice/app');
    expect(failed).toMatchObject({ state: 'error' });
    expect(random(failed)).toBeUndefined();
    expect(failed.log).toMatch(/Using cache/);
    app.commit(lines('COPY Dockerfile /file'));
    const third = await chain.built('alice/app');
    expect(third).toMatchObject({ state: 'success' });
    expect(random(third)).toBeUndefined();
  });

  it('are not used by another repository, not even of the same owner and source (R351)', async () => {
    const other = await chain.automate('alice/other', 'private');
    chain.addPrograms(other);
    other.commit(lines());
    const built = await chain.built('alice/other');
    expect(random(built)).toBeDefined();
    expect(built.log).not.toMatch(/Using cache/);
    expect(kept()).toHaveLength(2);
  });

  it('are not used by a build that asks for none, and then replaced by its own', async () => {
    const repository = await chain.repository('alice/app');
    const [asked] = await startBuilds(chain.ctx, repository, { kind: 'all' }, { noCache: true });
    const again = await chain.ended('alice/app', asked?.id ?? 0);
    expect(again).toMatchObject({ state: 'success', noCache: true });
    expect(random(again)).toBeDefined();
    expect(random(await chain.built('alice/app'))).toBeUndefined();
  });

  it('of a builder that is killed are gone with its build, and the next one builds (R352)', async () => {
    await builder?.stop(AbortSignal.abort());
    builder = undefined;
    const before = kept().length;
    app.commit(lines('RUN echo sleeping; busybox sleep 1000'));
    const killed = await startBuilderProcess(settings, chain.database.url);
    const id = await chain.queue('alice/app');
    await chain.untilLogged('alice/app', id, /^sleeping$/m);
    expect(kept()).toHaveLength(before - 1);
    await killed.end('SIGKILL');
    app.commit(lines());
    await start();
    await returnStoppedBuilds(chain.ctx, 0);
    const built = await chain.ended('alice/app', id);
    expect(built).toMatchObject({ state: 'success' });
    expect(random(built)).toBeDefined();
  });

  it('that buildah cannot read are left out (R352)', async () => {
    const folder = readdirSync(settings.folder).find((name) => name.startsWith('cache-')) ?? '';
    const { id } = await chain.repository('alice/app');
    const own = kept().find((name) => name.startsWith(`${id}-`)) ?? '';
    rmSync(path.join(settings.folder, folder, own, 'overlay'), { recursive: true });
    const built = await chain.built('alice/app');
    expect(built).toMatchObject({ state: 'success', error: undefined });
    expect(built.log).toMatch(/^Building again without the layers of earlier builds$/m);
  });

  it('are kept up to a size, and go with their repository (R351)', async () => {
    await start({ cache: { bytes: 100, days: 7 } });
    expect(kept()).toEqual([]);
    expect(random(await chain.built('alice/app'))).toBeDefined();
    expect(kept()).toEqual([]);
    await start();
    await chain.built('alice/other');
    expect(kept()).toHaveLength(1);
    await chain.ctx.db('repositories').where({ namespace: 'alice', name: 'other' }).delete();
    await start();
    while (kept().length > 0) await sleep(50);
  });
});
