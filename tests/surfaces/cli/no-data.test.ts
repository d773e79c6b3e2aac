import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInProcess } from '../../helpers/command-in-process';
import { createCommandPlace, failure } from '../../helpers/command-place';

/* A command that runs where there is no data was meant for another place. It creates nothing there. */

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-no-data-'));
});
afterEach(() => rm(folder, { recursive: true }));

const noData = (dataDir: string) =>
  failure(
    `There is no Drydock data in ${dataDir}. Run the command in the directory from which the server was started, ` +
      "or set DRYDOCK_DATA_DIR to the server's data directory.",
  );

const COMMANDS = [
  'user list', 'user add alice --password alicepw', 'token list alice', 'org list', 'team list acme', 'plan list',
  'repo list', 'retired-name list', 'webhook list alice/app', 'oauth-client list', 'gc', 'scrub', 'backup ../b', 'audit',
  'mail test alice@example.com',
]; // prettier-ignore

it.each(COMMANDS)('drydock %s creates no database in another directory', async (line) => {
  const dataDir = path.join(folder, 'data');
  await expect(runInProcess(line.split(' '), { DRYDOCK_DATA_DIR: dataDir })).resolves.toEqual(noData(dataDir));
  await expect(runInProcess(line.split(' '), { DRYDOCK_DATA_DIR: folder })).resolves.toEqual(noData(folder));
  await expect(readdir(folder)).resolves.toEqual([]);
});

it('with a database of its own, a command needs the directory of the layers: scrub would miss all of them', async () => {
  const place = await createCommandPlace();
  try {
    const dataDir = path.join(folder, 'data');
    const environment = { ...place.environment, DRYDOCK_DATA_DIR: dataDir };
    await expect(runInProcess(['scrub'], environment)).resolves.toEqual(noData(dataDir));
    await expect(readdir(folder)).resolves.toEqual([]);
  } finally {
    await place.close();
  }
});

it('a command creates no tables in an empty database', async () => {
  const place = await createCommandPlace('template1');
  try {
    await expect(place.run('user', 'list')).resolves.toEqual(
      failure(
        'There is no Drydock data in the database. Check DATABASE_URL; in a new database, run `drydock migrate` first.',
      ),
    );
    const tables = await place.database.db('information_schema.tables').where({ table_schema: 'public' });
    expect(tables).toEqual([]);
    await expect(place.run('migrate')).resolves.toMatchObject({ code: 0 });
    await expect(place.run('user', 'list', '--json')).resolves.toMatchObject({ code: 0, stdout: '[]\n' });
  } finally {
    await place.close();
  }
});
