import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuilderSettings } from '../../src/builder/settings';
import type { Context } from '../../src/context';
import { ensureTokenKey } from '../../src/features/accounts/token-key';
import { readLog } from '../../src/features/builds/build-log';
import { getBuild, listBuilds, type Build } from '../../src/features/builds/builds';
import { addSource } from '../../src/features/builds/sources';
import type { AdministeredRepository } from '../../src/features/repositories/access';
import { createRepository } from '../../src/features/repositories/creation';
import { getAdministered } from '../../src/features/repositories/get-repository';
import { readFullName } from '../../src/features/repositories/names';
import { addressRule } from '../../src/platform/http/address-rules';
import { BUILD_USER, ensureBuildUser } from './build-user';
import { queueOf } from './builds';
import { createGitRepository, createGitRoot, startGitHttp, type GitRepository } from './git-server';
import { addPerson } from './people';
import { createTestContext } from './test-context';
import { createTestDatabase, type TestDatabase } from './test-database';
import { waitUntil } from './wait-until';

const MIB = 2 ** 20;

/** A build that has ended. */
export type EndedBuild = Build & { readonly log: string };

/** A database, a git server, and repositories of alice that are built from it. The test starts hub and builders. */
export interface BuildChain {
  readonly ctx: Context;
  readonly database: TestDatabase;
  readonly alice: Awaited<ReturnType<typeof addPerson>>;
  /** Settings of a builder with two builds at once, in a folder of its own. */
  settings(hub: string): BuilderSettings;
  /** Creates a git repository, and a repository of the hub that is built from its branch main. */
  automate(name: string, visibility?: 'public' | 'private'): Promise<GitRepository>;
  /** Copies busybox to the working copy, as shell and some programs in the folder `bin`. */
  addPrograms(source: GitRepository): void;
  repository(name: string): Promise<AdministeredRepository>;
  /** Queues a build of the branch main; returns its id. */
  queue(name: string): Promise<number>;
  logOf(name: string, id: number): Promise<string>;
  /** Waits until the log has a line that matches. */
  untilLogged(name: string, id: number, line: RegExp): Promise<void>;
  ended(name: string, id: number): Promise<EndedBuild>;
  /** Waits until a build after this one, which something else has queued, has ended. */
  next(name: string, after: number): Promise<EndedBuild>;
  /** Queues a build and waits until it has ended. */
  built(name: string): Promise<EndedBuild>;
  close(): Promise<void>;
}

/** Starts what builds need, except the hub. */
export async function startBuildChain(): Promise<BuildChain> {
  ensureBuildUser();
  const database = await createTestDatabase();
  const ctx = createTestContext(database.db);
  ctx.tokenKey.set(await ensureTokenKey(ctx));
  const alice = await addPerson(ctx, 'alice');
  const root = createGitRoot();
  const git = await startGitHttp(root);
  const folder = mkdtempSync(path.join(tmpdir(), 'builds-'));
  const repository = (name: string) => getAdministered(ctx, alice, readFullName(name));
  const chain: BuildChain = {
    ctx,
    database,
    alice,
    settings: (hub) => ({
      hub,
      ownHosts: ['hub.example', new URL(hub).host],
      folder,
      userName: BUILD_USER,
      jobs: 2,
      limits: { timeMs: 60_000, logBytes: MIB, diskBytes: 300 * MIB, memoryBytes: 512 * MIB, processes: 400 },
      cache: { bytes: 200 * MIB, days: 7 },
      addresses: addressRule(['127.0.0.1']),
      reach: addressRule([]),
      knownHosts: undefined,
    }),
    automate: async (name, visibility = 'public') => {
      const source = createGitRepository(root, `${name.replace('/', '-')}.git`);
      await createRepository(ctx, alice, readFullName(name), visibility);
      const rules = [{ refType: 'branch', refPattern: 'main', dockerfilePath: 'Dockerfile', tag: 'latest' }] as const;
      const cloneUrl = `${git.url}/${source.name}`;
      await addSource(ctx, await repository(name), { provider: 'git', cloneUrl, rules });
      return source;
    },
    addPrograms: ({ work }) => {
      mkdirSync(path.join(work, 'bin'));
      for (const name of ['sh', 'cat', 'busybox']) copyFileSync('/bin/busybox', path.join(work, 'bin', name));
    },
    repository,
    queue: async (name) => (await queueOf(ctx, await repository(name), { refName: 'main', isRequired: true })).id,
    logOf: async (name, id) => {
      const { chunks } = await readLog(ctx, await repository(name), id);
      return chunks.map(({ text }) => text).join('');
    },
    untilLogged: async (name, id, line) => {
      await waitUntil(`${line} in the log`, async () => line.test(await chain.logOf(name, id)));
    },
    ended: async (name, id) => {
      for (;;) {
        const build = await getBuild(ctx, await repository(name), id);
        if (build.finishedAt !== undefined) return { ...build, log: await chain.logOf(name, id) };
        await sleep(50);
      }
    },
    next: async (name, after) => {
      for (;;) {
        const [newest] = (await listBuilds(ctx, await repository(name), {}, { limit: 1, offset: 0 })).builds;
        if (newest !== undefined && newest.id > after) return chain.ended(name, newest.id);
        await sleep(50);
      }
    },
    built: async (name) => chain.ended(name, await chain.queue(name)),
    close: async () => {
      await git.close();
      await database.drop();
    },
  };
  return chain;
}
