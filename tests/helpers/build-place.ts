import { createHmac } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBuilder, type Builder } from '../../src/builder/builder';
import { addressRule } from '../../src/platform/http/address-rules';
import { BUILD_USER, ensureBuildUser } from './build-user';
import { createGitRepository, createGitRoot, startGitHttp, type GitRepository } from './git-server';
import type { TestServer } from './test-server';

const MIB = 2 ** 20;

/** A git server with one repository, and a builder of a test server. */
export interface BuildPlace {
  readonly git: GitRepository;
  /** where the repository is cloned from */
  readonly cloneUrl: string;
  /** Says that a branch or tag was pushed, as a git provider does. */
  sendHook(hook: { readonly url: string; readonly secret: string }, ref: string): Promise<number>;
  close(): Promise<void>;
}

/** Starts both. The repository has busybox as a shell in its folder `bin`. */
export async function startBuildPlace(server: TestServer): Promise<BuildPlace> {
  ensureBuildUser();
  const root = createGitRoot();
  const http = await startGitHttp(root);
  const git = createGitRepository(root);
  mkdirSync(path.join(git.work, 'bin'));
  for (const name of ['sh', 'busybox']) copyFileSync('/bin/busybox', path.join(git.work, 'bin', name));
  const builder: Builder = await startBuilder(server.ctx, server.database.connection, {
    hub: server.url,
    ownHosts: [server.host],
    folder: mkdtempSync(path.join(tmpdir(), 'builds-')),
    userName: BUILD_USER,
    jobs: 1,
    limits: { timeMs: 120_000, logBytes: MIB, diskBytes: 300 * MIB, memoryBytes: 512 * MIB, processes: 400 },
    cache: { bytes: 200 * MIB, days: 7 },
    addresses: addressRule(['127.0.0.1']),
    reach: addressRule([]),
    knownHosts: undefined,
  });
  return {
    git,
    cloneUrl: `${http.url}/${git.name}`,
    sendHook: async ({ url, secret }, ref) => {
      const body = JSON.stringify({ ref, after: git.git('rev-parse', ref) });
      const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
      const headers = {
        'Content-Type': 'application/json',
        'X-GitHub-Event': 'push',
        'X-Hub-Signature-256': signature,
      };
      return (await fetch(url, { method: 'POST', headers, body })).status;
    },
    close: async () => {
      await builder.stop(AbortSignal.abort());
      await http.close();
    },
  };
}
