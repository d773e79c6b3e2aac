import { chmod, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readLockFile } from '../../src/platform/db/embedded/lock-file';
import { stopServer } from '../../src/platform/db/embedded/postmaster';

/** A new data directory that an embedded Postgres may use; as root's own it would hide its cluster in /var/lib. */
export async function createDataDir(name: string): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), `drydock-${name}-`));
  await chmod(dataDir, 0o755);
  return dataDir;
}

/**
 * Whether the command line of a running process names a folder. What is written down of a process survives a kill, and its id may
 * belong to another program by then.
 */
export async function isProcessOf(folder: string, pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes(folder);
}

/** Removes a data directory, and stops its Postgres if that is still running. */
export async function removeDataDir(dataDir: string): Promise<void> {
  const cluster = await realpath(path.join(dataDir, 'postgres')).catch(() => undefined);
  if (cluster !== undefined) {
    const pid = readLockFile(cluster)?.pid;
    const isRunning = pid !== undefined && (await isProcessOf(cluster, pid));
    if (isRunning && !(await stopServer(cluster))) throw new Error(`the Postgres in ${cluster} does not stop`);
    // Those of root are in /var/lib if the directory is closed to others.
    const isElsewhere = path.dirname(cluster) !== (await realpath(dataDir));
    if (isElsewhere) await rm(path.dirname(cluster), { recursive: true, force: true });
  }
  await rm(dataDir, { recursive: true, force: true });
}
