import { mkdir, readdir, readFile, rm, statfs, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openFilesystemStore } from './filesystem-folder';

/*
 * What only the filesystem driver has: its tree (see `paths.ts`), and what dies with a process.
 */

let opened: Awaited<ReturnType<typeof openFilesystemStore>>;
beforeEach(async () => {
  opened = await openFilesystemStore();
});
afterEach(() => opened.close());

async function* once(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}

it('keeps bytes under their digest', async () => {
  const { key } = await opened.store.write(once('hello'));
  expect(key).toMatch(/^sha256\/2c\/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824-[0-9a-f]{8}$/);
  expect(await readFile(path.join(opened.root, key), 'utf8')).toBe('hello');
  expect(await readdir(path.join(opened.root, 'uploads'))).toEqual([]);
});

it('sweeps the halves of writes that died with their process, once they are old', async () => {
  const uploads = path.join(opened.root, 'uploads');
  await mkdir(uploads);
  for (const name of ['old', 'new']) await writeFile(path.join(uploads, name), 'half');
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await utimes(path.join(uploads, 'old'), anHourAgo, anHourAgo);
  expect(await opened.store.sweepUnfinished(new Date(Date.now() - 60_000))).toBe(1);
  expect(await readdir(uploads)).toEqual(['new']);
});

it('keeps quarantined bytes apart, as old as their quarantine', async () => {
  const { key } = await opened.store.write(once('hello'));
  const longAgo = new Date(Date.now() - 1e9);
  await utimes(path.join(opened.root, key), longAgo, longAgo);
  await opened.store.quarantine(key);
  const name = path.basename(key);
  expect(await readFile(path.join(opened.root, 'quarantine', name), 'utf8')).toBe('hello');
  expect(await opened.store.sweepQuarantined(new Date(Date.now() - 60_000))).toBe(0);
});

it('says how much room its disk has', async () => {
  const { bavail, bsize } = await statfs(opened.root);
  const free = await opened.store.freeBytes();
  expect(Math.abs(free - bavail * bsize)).toBeLessThan(2 ** 30); // others write meanwhile
  await rm(opened.root, { recursive: true });
  expect(await opened.store.freeBytes()).toBeGreaterThan(0); // a store that nobody has used yet
});

it('check fails while its folder cannot be used, and says where', async () => {
  await rm(opened.root, { recursive: true });
  await writeFile(opened.root, 'a file in the place of the folder');
  await expect(opened.store.check()).rejects.toThrow(opened.root);
  await expect(opened.store.write(once('x'))).rejects.toThrow(opened.root);
});
