import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeBatched } from '../../src/blobs/batched-write';
import { DigestingSink } from '../../src/blobs/hashing';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-batches-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('writeBatched', () => {
  it('does not pile up chunks that are very small: each of them costs more than its bytes', async () => {
    const file = path.join(folder, 'file');
    const handle = await open(file, 'w');
    const sizes: number[] = [];
    async function* trickle(): AsyncGenerator<Buffer> {
      for (let sent = 0; sent < 20_000; sent += 1) {
        yield Buffer.from([sent % 256]);
        if (sent === 15_000) {
          await sleep(50);
          sizes.push((await stat(file)).size);
        }
      }
    }
    await writeBatched(handle, trickle(), new DigestingSink());
    await handle.close();
    expect(sizes[0]).toBeGreaterThan(10_000);
    const written = await readFile(file);
    expect([written.length, written.every((byte, i) => byte === i % 256)]).toEqual([20_000, true]);
  });

  it('throws what the file says, also when the source has more', async () => {
    const file = path.join(folder, 'file');
    await (await open(file, 'w')).close();
    const handle = await open(file, 'r'); // writing to it fails
    async function* endless(): AsyncGenerator<Buffer> {
      for (let sent = 0; sent < 8; sent += 1) yield await Promise.resolve(Buffer.alloc(1024 * 1024));
    }
    await expect(writeBatched(handle, endless(), new DigestingSink())).rejects.toMatchObject({ code: 'EBADF' });
    await handle.close();
  });
});
