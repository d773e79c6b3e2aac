import { mkdtemp, open, readlink, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileBytes } from '../../src/blobs/file-bytes';
import { ReadBuffers } from '../../src/blobs/read-buffers';

const SIZE = 3_000_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-file-bytes-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function createFile(name: string): Promise<{ file: string; bytes: Buffer }> {
  const file = path.join(folder, name);
  const bytes = randomBytes(SIZE);
  await writeFile(file, bytes);
  return { file, bytes };
}

async function openBytes(file: string): Promise<FileBytes> {
  return new FileBytes(await open(file, 'r'), 0, SIZE - 1);
}

async function openFilesIn(directory: string): Promise<string[]> {
  const numbers = await readdir('/proc/self/fd');
  const files = await Promise.all(numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => '')));
  return files.filter((file) => file.startsWith(directory));
}

describe('FileBytes', () => {
  it('never overwrites a piece whose receiver failed, because the network may still read from it', async () => {
    const [first, second] = [await createFile('first'), await createFile('second')];
    const kept: Buffer[] = [];
    const brokenOff = (await openBytes(first.file)).copyTo((piece) => {
      kept.push(piece);
      return Promise.reject(new Error('gone'));
    });
    await expect(brokenOff).rejects.toThrow('gone');
    for (let round = 0; round < 4; round += 1) await (await openBytes(second.file)).copyTo(() => Promise.resolve());
    const [piece] = kept;
    expect(piece?.equals(first.bytes.subarray(0, piece.length))).toBe(true);
  });

  it('keeps a piece unchanged until its receiver is done with it', async () => {
    const { file, bytes } = await createFile('file');
    let at = 0;
    let isBusy = false;
    await (
      await openBytes(file)
    ).copyTo(async (piece) => {
      const start = at;
      at += piece.length;
      // The next piece is read while this one waits.
      while (isBusy) await new Promise((resolve) => setImmediate(resolve));
      isBusy = true;
      for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      isBusy = false;
      expect(piece.equals(bytes.subarray(start, start + piece.length))).toBe(true);
    });
    expect(at).toBe(SIZE);
  });

  it('fails when the file becomes shorter during the read', async () => {
    const { file } = await createFile('file');
    const source = await openBytes(file);
    await truncate(file, SIZE / 2);
    let received = 0;
    const copied = source.copyTo((piece) => {
      received += piece.length;
      return Promise.resolve();
    });
    await expect(copied).rejects.toThrow('before its last byte');
    expect(received).toBe(SIZE / 2);
  });

  it('closes the file at the end, after an error, and if it is never read', async () => {
    const { file } = await createFile('file');
    await (await openBytes(file)).copyTo(() => Promise.resolve());
    await (await openBytes(file)).copyTo(() => Promise.reject(new Error('gone'))).catch(() => undefined);
    await (await openBytes(file)).close();
    expect(await openFilesIn(folder)).toEqual([]);
  });
});

describe('the read buffers', () => {
  it('are reused, except those that may still be in use', () => {
    const buffers = new ReadBuffers();
    const [first, second] = [buffers.take(), buffers.take()];
    buffers.giveBack(first, true);
    buffers.giveBack(second, false);
    const [third, fourth] = [buffers.take(), buffers.take()];
    expect([third === first, fourth === second]).toEqual([true, false]);
  });

  it('are small while many are lent, and large again afterwards', () => {
    const buffers = new ReadBuffers();
    const lent = Array.from({ length: 1000 }, () => buffers.take());
    const totalBytes = lent.reduce((sum, { length }) => sum + length, 0);
    expect(totalBytes).toBeLessThan(128 * 1024 * 1024);
    const largest = lent[0]?.length ?? 0;
    expect(lent.at(-1)?.length).toBeLessThan(largest);
    for (const buffer of lent) buffers.giveBack(buffer, true);
    expect(buffers.take().length).toBe(largest);
  });
});
