import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { query } from '../../../src/platform/db/query';
import { runInProcess } from '../../helpers/command-in-process';
import { createCommandPlace, failure, success, type CommandPlace, type Outcome } from '../../helpers/command-place';
import { startChildServer } from '../../helpers/child-server';
import { createChain, pushImages } from '../../helpers/images';

let place: CommandPlace;
let disk: string;
let files: string;
beforeAll(async () => {
  place = await createCommandPlace();
  disk = await mkdtemp(path.join(tmpdir(), 'drydock-disk-'));
  files = path.join(place.dataDir, 'blobs');
  await place.run('user', 'add', 'alice', '--password', 'alicepw');
  const server = await startChildServer(place.environment);
  await pushImages(server, 'alice/app', createChain(2));
  await server.end('SIGTERM');
});
afterAll(async () => {
  await place.close();
  await rm(disk, { recursive: true });
});

/** Runs a command with the disk as the new place. */
async function moving(...words: string[]): Promise<Outcome> {
  const storage = { DRYDOCK_STORAGE: `file:${disk}`, DRYDOCK_STORAGE_ALSO: 'file:' };
  return runInProcess(words, { ...place.environment, ...storage });
}

it('is refused with one place', async () => {
  const sentence =
    'There is one place only: set DRYDOCK_STORAGE to the new place and DRYDOCK_STORAGE_ALSO to the old one, restart the ' +
    'servers, and run this again with the same settings';
  await expect(place.run('storage', 'copy')).resolves.toEqual(failure(sentence));
});

it('copies to a place that servers read, and says what to do next', async () => {
  const environment = { ...place.environment, DRYDOCK_STORAGE_ALSO: `file:${disk}` };
  await expect(runInProcess(['storage', 'copy', '--to', `file:${disk}`], environment)).resolves.toEqual(
    success(
      `Copied 2 layers, 4.0 kB, from file:${files} to file:${disk}.\n` +
        'There already: 0 layers, 0 B. Damaged or missing: 0.\n' +
        `Servers write to file:${files} still: set DRYDOCK_STORAGE=file:${disk} and DRYDOCK_STORAGE_ALSO=file:${files}, restart them,\n` +
        'and run this again without --to.\n',
    ),
  );
  await expect(runInProcess(['storage', 'copy', '--to', 's3://other'], environment)).resolves.toEqual(
    failure('--to must be the place of DRYDOCK_STORAGE or DRYDOCK_STORAGE_ALSO'),
  );
});

it('says what there is to copy, copies it, and says when the old place is no longer needed', async () => {
  const dryRun = await moving('storage', 'copy', '--dry-run', '--json');
  expect([dryRun.code, JSON.parse(dryRun.stdout)]).toEqual([
    0,
    {
      from: `file:${files}`,
      to: `file:${disk}`,
      copied: { layerCount: 0, sizeBytes: 0 },
      present: { layerCount: 0, sizeBytes: 0 },
      damaged: [],
      isEnd: false,
      writers: [],
      unfinishedUploadCount: 0,
    },
  ]);
  await expect(moving('storage', 'copy')).resolves.toEqual(
    success(
      `Copied 0 layers, 0 B, from file:${files} to file:${disk}.\n` +
        'There already: 0 layers, 0 B. Damaged or missing: 0.\n' +
        `Nothing is needed in file:${files} any longer: remove DRYDOCK_STORAGE_ALSO and restart the servers.\n` +
        `The layers in file:${files} stay until you delete them; also those that users delete from now on.\n`,
    ),
  );
});

it('names the repositories of what is damaged or missing, and fails', async () => {
  const rows = await query<{ storage_key: string }>(place.database.db, 'select storage_key from blobs limit 1');
  const key = rows[0]?.storage_key ?? '';
  for (const root of [disk, files]) await rename(path.join(root, key), path.join(root, 'away'));
  await query(place.database.db, 'delete from copied_blobs');
  const { code, stdout } = await moving('storage', 'copy');
  expect([code, stdout]).toEqual([1, expect.stringMatching(/missing +alice\/app[^]* Damaged or missing: 1\.\n/)]);
  for (const root of [disk, files]) await rename(path.join(root, 'away'), path.join(root, key));
  await expect(moving('storage', 'copy')).resolves.toMatchObject({ code: 0 });
});

it('no command works where not all layers can be seen, until the place is forgotten (R66)', async () => {
  const list = await moving('storage', 'list', '--json');
  expect(JSON.parse(list.stdout)).toEqual([{ location: `file:${disk}`, since: expect.any(String) as string }]);
  const wrong = await place.run('scrub');
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringContaining(`error: Layers of this server are in file:${disk}, but DRYDOCK_STORAGE is file:${files}.`),
  ]);
  await rename(disk, `${disk}-away`);
  const unmounted = await moving('scrub');
  expect([unmounted.code, unmounted.stderr]).toEqual([1, expect.stringContaining('Is its disk mounted?')]);
  const forget = ['storage', 'forget', `file:${disk}`];
  await expect(place.run(...forget)).resolves.toEqual(failure('This cannot be undone: confirm it with --yes'));
  await expect(place.run(...forget, '--yes')).resolves.toEqual(success(`Servers start without file:${disk} now.\n`));
  await expect(place.run('scrub')).resolves.toEqual(success('2 layers read, 4.0 kB: all intact.\n'));
  await rm(disk, { recursive: true, force: true });
  await rename(`${disk}-away`, disk);
});
