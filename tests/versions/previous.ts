import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/*
 * The version that may still run while this one starts. Every migration after its last one follows the rule of
 * docs/decisions/0039-rolling-upgrades.md. A release moves both values to the release before it; until there is one, they
 * name a commit.
 */

export const PREVIOUS = {
  commit: '4bfe5efb1e844718acebf901cc88a879ff9cdda0',
  lastMigration: '20261130121000_last_seen',
} as const;

const ROOT = path.join(__dirname, '../..');
const run = promisify(execFile);

/** Whether its source can be had: a shallow clone and a tarball have no history. Says so if it cannot. */
export function hasPrevious(): boolean {
  const { status } = spawnSync('git', ['-C', ROOT, 'cat-file', '-e', `${PREVIOUS.commit}^{commit}`]);
  if (status !== 0)
    console.warn(`NOT TESTED: the history of this checkout lacks ${PREVIOUS.commit} (git fetch --unshallow)`);
  return status === 0;
}

/** Builds it in a folder of its own, with the modules of this checkout. @returns its program */
export async function buildPrevious(): Promise<{ program: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'drydock-previous-'));
  const archive = path.join(folder, 'source.tar');
  await run('git', ['-C', ROOT, 'archive', '--output', archive, PREVIOUS.commit]);
  await run('tar', ['-xf', archive, '-C', folder]);
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const node = (...args: string[]) => run(process.execPath, args, { cwd: folder });
  await node(require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.json', '--noCheck');
  await node('scripts/copy-static.mjs');
  return {
    program: path.join(folder, 'bin/drydock.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
