import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createBackupFolder, createEmptyPlace, expectBoth, pushBoth, type EmptyPlace } from '../../helpers/backups';
import { startChildServer, type ChildServer } from '../../helpers/child-server';
import { runInProcess } from '../../helpers/command-in-process';
import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';

let place: CommandPlace;
let other: EmptyPlace;
let folder: string;
let removeFolder: () => Promise<void>;
let servers: ChildServer[];

beforeEach(async () => {
  servers = [];
  place = await createCommandPlace();
  other = await createEmptyPlace();
  ({ folder, remove: removeFolder } = await createBackupFolder());
  await place.run('user', 'add', 'alice', '--password', 'alicepw');
});
afterEach(async () => {
  for (const server of servers) await server.end('SIGKILL');
  await place.close();
  await other.remove();
  await removeFolder();
});

async function serve(environment: Record<string, string>): Promise<ChildServer> {
  const server = await startChildServer(environment);
  servers.push(server);
  return server;
}

const target = (): string => path.join(folder, 'backup');
const backup = () => place.run('backup', target());
const restore = (...options: string[]) => runInProcess(['restore', target(), ...options], other.environment);
const verify = () => runInProcess(['verify-backup', target()], {});

/** The files of the layers in the backup, by their digests in hex. */
async function layersInBackup(): Promise<string[]> {
  const entries = await readdir(path.join(target(), 'layers'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** The sentence that a command fails with, without its progress. */
async function failureOf(command: ReturnType<typeof backup>): Promise<string> {
  const { code, stdout, stderr } = await command;
  expect([code, stdout]).toEqual([1, '']);
  return stderr.trimEnd().split('\n').at(-1)!;
}

it('backs up a running server and restores it elsewhere', async () => {
  const server = await serve(place.environment);
  const pushed = await pushBoth(server);
  const { code, stdout, stderr } = await backup();
  expect([stderr, code, stdout]).toEqual([
    '',
    0,
    expect.stringMatching(/^Backed up: \d+ tables, \d+ rows, 5 layers, 6\.\d kB; copied 5 layers, 6\.\d kB\.\n$/),
  ]);
  const verified = await verify();
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/5 layers, .*: all intact\.\n$/) });
  const restored = await restore('--verify');
  expect([restored.code, restored.stdout]).toEqual([
    0,
    expect.stringMatching(
      /^Restored the backup of .* UTC: .* 5 layers, .*\.\nAll rows were counted and all layers were read back\.\n$/,
    ),
  ]);
  await expectBoth(await serve(other.environment), pushed);
  await expectBoth(server, pushed);
});

it('copies only the layers that are new, and drops those that are no longer needed', async () => {
  const server = await serve(place.environment);
  const { chain } = await pushBoth(server);
  await backup();
  const first = await layersInBackup();
  const pushed = await pushBoth(server, { old: 'alice/old2', now: 'alice/new2' });
  await place.database
    .db('tags')
    .where({ image_id: chain.at(-1)!.id })
    .delete();
  await expect(place.run('gc', '--older-than', '0')).resolves.toMatchObject({
    stdout: expect.stringContaining('3 images'),
  });
  await expect(backup()).resolves.toMatchObject({ code: 0, stdout: expect.stringContaining('copied 5 layers') });
  const second = await layersInBackup();
  expect(second.filter((name) => !first.includes(name))).toHaveLength(5);
  expect(first.filter((name) => !second.includes(name))).toHaveLength(3);
  await expect(backup()).resolves.toMatchObject({ code: 0, stdout: expect.stringContaining('copied 0 layers') });
  expect((await layersInBackup()).sort()).toEqual(second.sort());
  await expect(restore('--verify')).resolves.toMatchObject({ code: 0 });
  await expectBoth(await serve(other.environment), pushed, { old: 'alice/old2', now: 'alice/new2' });
});

it('refuses a directory with other files, and a database that was never used', async () => {
  await mkdir(target());
  await writeFile(path.join(target(), 'letter.txt'), 'dear');
  await expect(failureOf(backup())).resolves.toBe(
    `error: ${target()} has other files, such as letter.txt: choose an empty directory, or that of a backup`,
  );
  await expect(failureOf(runInProcess(['backup', path.join(folder, 'other')], other.environment))).resolves.toMatch(
    /^error: There is no Drydock data in the database/,
  );
});

it('says that a backup without a manifest is incomplete', async () => {
  await backup();
  await rm(path.join(target(), 'manifest.json'));
  const sentence = `${target()} does not hold a complete backup: there is no manifest.json, which is written last. Run drydock backup again`;
  await expect(verify()).resolves.toEqual(failure(sentence));
  await expect(restore()).resolves.toEqual(failure(sentence));
  await writeFile(path.join(target(), 'manifest.json'), '{"format": 1, "tables": [');
  await expect(restore()).resolves.toEqual(failure(`${target()} has a damaged manifest.json: use another backup`));
  await writeFile(path.join(target(), 'manifest.json'), '{"format": 2}');
  await expect(restore()).resolves.toEqual(
    failure(`The backup in ${target()} is of a newer Drydock: use that version or a later one`),
  );
});

it('restores nothing over anything', async () => {
  await backup();
  const again = 'Set DRYDOCK_DATA_DIR to a new directory, or DATABASE_URL to a new database, and run it again';
  await expect(place.run('restore', target())).resolves.toEqual(failure(`The database is not empty. ${again}`));
  await mkdir(path.join(other.dataDir, 'blobs/sha256/00'), { recursive: true });
  await writeFile(path.join(other.dataDir, `blobs/sha256/00/${'0'.repeat(64)}-00000000`), 'layer');
  await expect(restore()).resolves.toEqual(failure(`The data directory has layers already. ${again}`));
});

it('finds damage in a backup, and restores the rest of it', async () => {
  const server = await serve(place.environment);
  const { image } = await pushBoth(server);
  await backup();
  const [lost, cut] = (await layersInBackup()).filter((name) => !image.layer.digest.endsWith(name)) as [string, string];
  const fileOf = (name: string): string => path.join(target(), 'layers', name.slice(0, 2), name);
  await rm(fileOf(lost));
  await truncate(fileOf(cut), 10);
  const { code, stderr, stdout } = await verify();
  expect([code, stdout]).toEqual([1, expect.stringMatching(/: 2 damaged\.\n$/)]);
  expect(stderr).toContain(`damaged: ${fileOf(lost)} is missing\n`);
  expect(stderr).toContain(`damaged: ${fileOf(cut)} is not the file that was written\n`);
  const restored = await restore('--verify');
  expect([restored.code, restored.stderr]).toEqual([1, expect.stringContaining('2 layers damaged: push their images')]);
  const rows = await other.database.db('blobs').whereNotNull('damaged_at').pluck('digest');
  expect(rows.sort()).toEqual([`sha256:${lost}`, `sha256:${cut}`].sort());
});

it('refuses a backup whose rows are damaged, and leaves an empty database', async () => {
  await backup();
  const [database] = (await readdir(target())).filter((name) => name.startsWith('database-'));
  const file = path.join(target(), database!, 'users.copy.gz');
  await writeFile(file, (await readdir(target())).join());
  await expect(verify()).resolves.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${file} is not the file`),
  });
  await expect(restore()).resolves.toEqual(
    failure(`The backup is damaged: ${file} is not the file that was written. Use another backup`),
  );
  await expect(other.database.db.schema.hasTable('users')).resolves.toBe(false);
  await expect(other.database.db.schema.hasTable('unfinished_restore')).resolves.toBe(false);
});

it('no server starts on a restore that was interrupted, and the same backup continues it', async () => {
  await backup();
  await other.database.db.raw(`create table unfinished_restore (backup text not null)`);
  await other.database.db.raw(
    `create table unfinished_restore_layers (digest text primary key, storage_key text not null)`,
  );
  await other.database.db('unfinished_restore').insert({ backup: 'database-of-another' });
  const migrated = await runInProcess(['migrate'], other.environment);
  expect(migrated).toEqual(
    failure('A backup is being restored into this database, or was interrupted: run drydock restore again.'),
  );
  await expect(failureOf(restore())).resolves.toMatch(/^error: The restore of another backup \(database-of-another\)/);
  const [database] = (await readdir(target())).filter((name) => name.startsWith('database-'));
  await other.database.db('unfinished_restore').update({ backup: database });
  await expect(restore()).resolves.toMatchObject({ code: 0 });
  await expect(runInProcess(['migrate'], other.environment)).resolves.toEqual(success('The schema is up to date.\n'));
});

it('records both in the audit log', async () => {
  await backup();
  await restore();
  const actions = (database: typeof place.database) =>
    database.db('audit_events').where('action', 'like', 'backup.%').pluck('action');
  await expect(actions(place.database)).resolves.toEqual(['backup.run']);
  await expect(actions(other.database)).resolves.toEqual(['backup.restored']);
});
