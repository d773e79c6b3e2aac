import { mkdir, readdir, readFile, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';
import { waitUntil } from '../helpers/wait-until';
import { openFilesystemStore } from './filesystem-folder';
import { digestOf } from './streams';

/* What only the filesystem driver has: its tree (see `paths.ts`), and the remains of dead processes. */

let opened: Awaited<ReturnType<typeof openFilesystemStore>>;
beforeEach(async () => {
  opened = await openFilesystemStore();
});
afterEach(() => opened.close());

async function* once(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}

it('the filesystem store keeps bytes under their digest', async () => {
  const { key } = await opened.store.write(once('hello'));
  expect(key).toMatch(/^sha256\/2c\/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824-[0-9a-f]{8}$/);
  expect(await readFile(path.join(opened.root, key), 'utf8')).toBe('hello');
  expect(await readdir(path.join(opened.root, 'uploads'))).toEqual([]);
});

it('the filesystem store keeps bytes that came in pieces under their digest, too', async () => {
  const id = await opened.store.resumable.start();
  await opened.store.resumable.append(id, 0, once('hello'));
  const { key } = await opened.store.resumable.commit(id, digestOf(Buffer.from('hello')));
  expect(key).toMatch(/^sha256\/2c\/2cf24dba[0-9a-f]{56}-[0-9a-f]{8}$/);
});

it('the filesystem store sweeps partial writes of dead processes once they were inactive for long (R98)', async () => {
  const uploads = path.join(opened.root, 'uploads');
  await mkdir(uploads);
  for (const name of ['one', 'two']) await writeFile(path.join(uploads, name), 'half');
  // Ages are by the clock of the file system, not of a host: a file cannot be made to look older than it is.
  await utimes(path.join(uploads, 'one'), 0, 0);
  expect(await opened.store.sweepUnfinished(3_600_000)).toBe(0);
  expect((await readdir(uploads)).sort()).toEqual(['one', 'two']);
  expect(await opened.store.sweepUnfinished(-1)).toBe(2);
  expect(await readdir(uploads)).toEqual([]);
});

it('the filesystem store keeps touching a partial file while its client sends nothing (R98)', async () => {
  const store = new FilesystemBlobStore(opened.root, 20);
  let goOn: (() => void) | undefined;
  const paused = new Promise<void>((resolve) => (goOn = resolve));
  const writing = store.write(
    (async function* () {
      yield Buffer.from('first');
      await paused;
      yield Buffer.from('last');
    })(),
  );
  const changedAt = async (): Promise<number> => {
    const [name] = await readdir(path.join(opened.root, 'uploads')).catch(() => []);
    return name === undefined ? 0 : (await stat(path.join(opened.root, 'uploads', name))).ctimeMs;
  };
  await waitUntil('the partial file', async () => (await changedAt()) > 0);
  const first = await changedAt();
  await waitUntil('a sign of life of the write', async () => (await changedAt()) > first);
  goOn?.();
  const { key } = await writing;
  expect(await readFile(path.join(opened.root, key), 'utf8')).toBe('firstlast');
});

it('settled resolves when the last write has ended and removed its partial file if it failed (R98)', async () => {
  const uploads = path.join(opened.root, 'uploads');
  let fail: ((error: Error) => void) | undefined;
  const failure = new Promise<never>((_resolve, reject) => (fail = reject));
  const writing = opened.store.write(
    (async function* () {
      yield Buffer.from('first');
      yield await failure;
    })(),
  );
  await waitUntil('the partial file', async () => (await readdir(uploads).catch(() => [])).length > 0);
  const settled = opened.store.settled().then(() => readdir(uploads));
  fail?.(new Error('the client is gone'));
  await expect(writing).rejects.toThrow('the client is gone');
  expect(await settled).toEqual([]);
});

it('quarantined bytes are kept apart, and their age starts at their quarantine', async () => {
  const { key } = await opened.store.write(once('hello'));
  const longAgo = new Date(Date.now() - 1e9);
  await utimes(path.join(opened.root, key), longAgo, longAgo);
  await opened.store.quarantine(key);
  const name = path.basename(key);
  expect(await readFile(path.join(opened.root, 'quarantine', name), 'utf8')).toBe('hello');
  expect(await opened.store.sweepQuarantined(new Date(Date.now() - 60_000))).toBe(0);
});

it('freeBytes reports how much room the disk has', async () => {
  const { bavail, bsize } = await statfs(opened.root);
  const free = await opened.store.freeBytes();
  expect(Math.abs(free - bavail * bsize)).toBeLessThan(2 ** 30); // other processes write at the same time
  await rm(opened.root, { recursive: true });
  expect(await opened.store.freeBytes()).toBeGreaterThan(0); // a store that was not used yet
});

it('check fails while the folder cannot be used, and names it', async () => {
  await rm(opened.root, { recursive: true });
  await writeFile(opened.root, 'a file in the place of the folder');
  await expect(opened.store.check()).rejects.toThrow(opened.root);
  await expect(opened.store.write(once('x'))).rejects.toThrow(opened.root);
});
