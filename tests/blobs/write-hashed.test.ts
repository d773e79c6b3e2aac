import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { writeHashed } from '../../src/blobs/write-hashed';
import { sumsOf } from '../../src/blobs/hashing';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-batches-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('writeHashed', () => {
  it('keeps no chunk, because each costs more than its bytes and a source may reuse it', async () => {
    const file = path.join(folder, 'file');
    const handle = await open(file, 'w');
    const chunk = Buffer.alloc(15);
    const chunks = 100_000; // more bytes than are written at once
    async function* trickle(): AsyncGenerator<Buffer> {
      for (let sent = 0; sent < chunks; sent += 1) {
        chunk.writeUInt32BE(sent);
        yield await Promise.resolve(chunk);
      }
    }
    const { sizeBytes, sha256Hex } = await writeHashed(handle, trickle());
    await handle.close();
    const written = await readFile(file);
    const numbers = Array.from({ length: chunks }, (_, i) => written.readUInt32BE(15 * i));
    expect([sizeBytes, written.length]).toEqual([15 * chunks, 15 * chunks]);
    expect(numbers.every((number, i) => number === i)).toBe(true);
    expect(sha256Hex).toBe(createHash('sha256').update(written).digest('hex'));
  });

  it('writes and hashes an input that is so large that syncing begins before its end', async () => {
    const file = path.join(folder, 'file');
    const handle = await open(file, 'w');
    const megabytes = Array.from({ length: 70 }, (_, i) => Buffer.alloc(2 ** 20 + 1, i));
    const bytes = Buffer.concat(megabytes);
    const { sizeBytes, unpacked, ...sums } = await writeHashed(handle, Readable.from(megabytes), {
      prefix: Buffer.from('prefix'),
    });
    await handle.close();
    expect((await readFile(file)).equals(bytes)).toBe(true);
    expect(sizeBytes).toBe(bytes.length);
    expect(sums).toEqual(sumsOf(bytes, Buffer.from('prefix')));
    expect(unpacked).toBe(undefined);
  });

  it('throws the error of the file, even if the source has more', async () => {
    const file = path.join(folder, 'file');
    await (await open(file, 'w')).close();
    const handle = await open(file, 'r'); // writing to it fails
    async function* endless(): AsyncGenerator<Buffer> {
      for (let sent = 0; sent < 8; sent += 1) yield await Promise.resolve(Buffer.alloc(1024 * 1024));
    }
    await expect(writeHashed(handle, endless())).rejects.toMatchObject({ code: 'EBADF' });
    await handle.close();
  });
});
