import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failure } from '../helpers/command-place';
import { startCommand } from '../helpers/run-command';

/* Data directories that cannot be used. A sentence says so at once, whatever the system does. */

const SERVE = { PORT: '0', LOG_LEVEL: 'error' };

it('a data directory below /proc, where nothing can be created, is refused with a sentence (R97)', async () => {
  for (const dataDir of ['/proc/drydock', '/proc/drydock/data']) {
    const { code, stderr } = await startCommand(['serve'], { ...SERVE, DRYDOCK_DATA_DIR: dataDir }).ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: The data directory \/proc\/drydock\S* cannot be used: ENOENT.*Set DRYDOCK_DATA_DIR/,
      ),
    ]);
  }
});

it('a data directory that is a file is refused with a sentence (R97)', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'drydock-data-'));
  const dataDir = path.join(folder, 'data');
  await writeFile(dataDir, 'not a directory');
  expect(await startCommand(['serve'], { ...SERVE, DRYDOCK_DATA_DIR: dataDir }).ended).toEqual(
    failure(
      `The data directory ${dataDir} cannot be used: EEXIST: file already exists, mkdir '${dataDir}'. ` +
        'Set DRYDOCK_DATA_DIR to one that this user may write to.',
    ),
  );
  await rm(folder, { recursive: true });
});
