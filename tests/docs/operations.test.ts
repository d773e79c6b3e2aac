import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expectBoth, pushBoth } from '../helpers/backups';
import { startChildServer } from '../helpers/child-server';
import { createDataDir, removeDataDir } from '../helpers/data-dir';

const run = promisify(execFile);
const ROOT = path.join(__dirname, '../..');

/** The blocks of a section of docs/OPERATIONS.md, as one script. */
async function scriptOf(heading: string): Promise<string> {
  const text = await readFile(path.join(ROOT, 'docs/OPERATIONS.md'), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code]) => code).join('');
}

/** A folder whose `npx` runs the program of this checkout. */
async function createPath(home: string): Promise<string> {
  const bin = path.join(home, 'bin');
  await mkdir(bin);
  const program = path.join(ROOT, 'bin/drydock.js');
  await writeFile(path.join(bin, 'npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${program}" "$@"\n`);
  await chmod(path.join(bin, 'npx'), 0o755);
  return `${bin}:${process.env['PATH'] ?? ''}`;
}

it('the recipe for backup and restore works next to a running server, with the embedded Postgres', async () => {
  const home = await createDataDir('operations');
  const [dataDir, restored] = [path.join(home, 'data'), path.join(home, 'restored')];
  const administrator = { DRYDOCK_ADMIN_USERNAME: 'alice', DRYDOCK_ADMIN_PASSWORD: 'alicepw' };
  const server = await startChildServer({ DRYDOCK_DATA_DIR: dataDir, ...administrator });
  try {
    const pushed = await pushBoth(server);
    const environment = { PATH: await createPath(home), BACKUP: path.join(home, 'backup'), NEW_DATA: restored };
    const { stdout } = await run('sh', ['-ec', await scriptOf('Back up and restore')], {
      env: { ...environment, DRYDOCK_DATA_DIR: dataDir },
    });
    expect(stdout).toMatch(
      /^Backed up: .*\n.*all intact\.\nRestored the backup of .*\n.*read back\.\nUSERNAME .*\nalice /,
    );
    expect((await readdir(home)).filter((name) => /^backup-\d{4}-\d\d-\d\d$/.test(name))).toHaveLength(1);
    const other = await startChildServer({ DRYDOCK_DATA_DIR: restored });
    await expectBoth(other, pushed);
    await other.end('SIGTERM');
  } finally {
    await server.end('SIGTERM');
    await removeDataDir(restored);
    await removeDataDir(dataDir);
    await removeDataDir(home);
  }
});
