import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readLockFile } from '../../src/platform/db/embedded/lock-file';
import { isProcessAlive } from '../../src/platform/process/signals';
import { startCommand } from '../helpers/run-command';
import { closeRunFolder, openRunFolder } from '../helpers/run-folder';

/* The remains of the tests must meet the same standard as those of the server. */

/** Empty for a process that has ended, even while no parent has waited for it. */
async function commandOf(pid: number | undefined): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}

it.each([
  ['a folder that others may enter', 0o755],
  ['a folder that others may not enter', 0o700],
])('the next run removes what a killed run left in %s, including its Postgres', async (_, mode) => {
  const { pid: dead } = spawnSync('true');
  const left = await mkdtemp(path.join(tmpdir(), `drydock-test-${dead}-`));
  await chmod(left, 0o755);
  const dataDir = path.join(left, 'drydock-killed');
  await mkdir(dataDir, { mode });
  const server = startCommand(['serve'], { DRYDOCK_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error' });
  await server.waitFor(/listens/);
  const postgres = readLockFile(path.join(dataDir, 'postgres'))?.pid;
  server.process.kill('SIGKILL');
  await server.ended;
  expect(isProcessAlive(Number(postgres))).toBe(true);

  const next = await openRunFolder();
  expect(existsSync(left)).toBe(false);
  expect(await commandOf(postgres)).toBe('');
  expect(process.env['TMPDIR']).toBe(next);
  await closeRunFolder(next);
  expect(existsSync(next)).toBe(false);
  expect(process.env['TMPDIR']).toBe(path.dirname(next));
});
