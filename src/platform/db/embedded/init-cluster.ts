import { execFile } from 'node:child_process';
import { chown, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isProcessAlive } from '../../process/signals';
import type { Binaries } from './binaries';
import { type ClusterPlace, isClusterDir } from './cluster-place';
import { CHILD_ENVIRONMENT } from './postmaster';

const run = promisify(execFile);

/** The superuser of the cluster, who owns everything in it. */
export const DATABASE_USER = 'drydock';

/**
 * Creates the cluster in a sibling directory and renames it into place, so that nobody can find half a cluster: not
 * after a kill, and not when two processes do this at once, because the slower one discards its own.
 *
 * @param durable - false to skip the final sync to disk, for tests
 */
export async function initCluster(place: ClusterPlace, { binDir }: Binaries, durable: boolean): Promise<void> {
  const { clusterDir, runAs } = place;
  await removeAbandonedDrafts(clusterDir);
  const draft = `${clusterDir}.init-${process.pid}-${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
  await mkdir(draft, { mode: 0o700 });
  try {
    if (runAs !== undefined) await chown(draft, runAs.uid, runAs.gid);
    const options = ['-U', DATABASE_USER, '-A', 'trust', '--no-locale', '-E', 'UTF8', '--no-instructions'];
    await run(join(binDir, 'initdb'), ['-D', draft, ...options, ...(durable ? [] : ['--no-sync'])], {
      ...runAs,
      cwd: '/',
      env: CHILD_ENVIRONMENT,
    });
    await rename(draft, clusterDir);
  } catch (error) {
    if (!isClusterDir(clusterDir)) {
      const reason =
        typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : String(error);
      throw new Error(`Cannot create the database in ${clusterDir}: ${reason}`, { cause: error });
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Gives a cluster that root restored from a backup to the user who will run it. */
export async function giveClusterTo({ clusterDir, runAs }: ClusterPlace): Promise<void> {
  if (runAs === undefined || (await stat(clusterDir)).uid === runAs.uid) return;
  const { uid, gid } = runAs;
  for (const entry of await readdir(clusterDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), uid, gid);
  }
  // This comes last, because the owner of the directory shows that the work is done.
  await chown(clusterDir, uid, gid);
}

async function removeAbandonedDrafts(clusterDir: string): Promise<void> {
  const prefix = `${basename(clusterDir)}.init-`;
  for (const name of await readdir(dirname(clusterDir))) {
    if (!name.startsWith(prefix) || isProcessAlive(Number.parseInt(name.slice(prefix.length), 10))) continue;
    await rm(join(dirname(clusterDir), name), { recursive: true, force: true });
  }
}
