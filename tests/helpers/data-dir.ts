import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stopServer } from '../../src/platform/db/embedded/postmaster';

/** A new data directory that an embedded Postgres may use; as root's own it would hide its cluster in /var/lib. */
export async function makeDataDir(name: string): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), `drydock-${name}-`));
  await chmod(dataDir, 0o755);
  return dataDir;
}

/** Takes a data directory away, with its Postgres: one that still runs is stopped, and one elsewhere goes, too. */
export async function removeDataDir(dataDir: string): Promise<void> {
  const cluster = path.join(dataDir, 'postgres');
  const real = await realpath(cluster).catch(() => undefined);
  if (real !== undefined) {
    if (!(await stopServer(real))) throw new Error(`the Postgres in ${real} does not stop`);
    if (real !== (await realpath(dataDir)) + '/postgres') await rm(path.dirname(real), { recursive: true });
  }
  await rm(dataDir, { recursive: true, force: true });
}
