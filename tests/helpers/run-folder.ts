import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isProcessAlive } from '../../src/platform/process/signals';
import { removeDataDir } from './data-dir';
import { stopS3Daemons } from './s3-daemons';

/*
 * Everything that a run of the tests writes to the disk is below one folder, which is removed at its end even after
 * failures. The folder of a killed run is removed when the next one starts.
 */

/** Creates the folder of this run and makes it the place of all temporary files. */
export async function openRunFolder(): Promise<string> {
  const parent = await realpath(tmpdir());
  for (const name of await readdir(parent)) {
    const pid = /^drydock-test-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isProcessAlive(Number(pid))) continue;
    // it belongs to another user, or another run was faster
    await removeAll(path.join(parent, name)).catch(() => undefined);
  }
  const folder = await mkdtemp(path.join(parent, `drydock-test-${process.pid}-`));
  await chmod(folder, 0o711); // Postgres runs as another user when this is root
  process.env['TMPDIR'] = folder;
  return folder;
}

/** Removes the folder of a run, and stops its S3 server and the Postgres of every data directory in it that still runs. */
export async function closeRunFolder(folder: string): Promise<void> {
  process.env['TMPDIR'] = path.dirname(folder);
  await removeAll(folder);
}

async function removeAll(folder: string): Promise<void> {
  await stopS3Daemons(folder);
  const below = await foldersIn(folder);
  const deeper = await Promise.all(below.map(foldersIn));
  for (const dataDir of [...deeper.flat(), ...below, folder]) {
    if (existsSync(path.join(dataDir, 'postgres'))) await removeDataDir(dataDir);
  }
  await rm(folder, { recursive: true, force: true });
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name));
}
