import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
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

it('check fails while its folder cannot be used, and says where', async () => {
  await rm(opened.root, { recursive: true });
  await writeFile(opened.root, 'a file in the place of the folder');
  await expect(opened.store.check()).rejects.toThrow(opened.root);
  await expect(opened.store.write(once('x'))).rejects.toThrow(opened.root);
});
