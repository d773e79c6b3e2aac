import { randomBytes } from 'node:crypto';
import { BlobMissingError } from '../../src/blobs/blob-store';
import type { FilesystemBlobStore } from '../../src/blobs/filesystem';
import { UnknownWriteError } from '../../src/blobs/resumable';
import { TwoPlaces } from '../../src/blobs/two-places';
import { describeBlobStore } from './conformance';
import { openFilesystemStore } from './filesystem-folder';
import { chunksOf, collect, digestOf } from './streams';

type Place = Awaited<ReturnType<typeof openFilesystemStore>>;

async function openTwo(): Promise<{ current: Place; other: Place; close: () => Promise<void> }> {
  const [current, other] = [await openFilesystemStore(), await openFilesystemStore()];
  const close = async (): Promise<void> => {
    await current.close();
    await other.close();
  };
  return { current, other, close };
}

describeBlobStore('two places', async () => {
  const { current, other, close } = await openTwo();
  const again = (): TwoPlaces => new TwoPlaces(current.again(), other.again());
  return { store: again(), again, close };
});

describe('a store that is being moved', () => {
  let two: Awaited<ReturnType<typeof openTwo>>;
  let store: TwoPlaces;
  let current: FilesystemBlobStore;
  let other: FilesystemBlobStore;
  beforeEach(async () => {
    two = await openTwo();
    [current, other] = [two.current.store, two.other.store];
    store = new TwoPlaces(current, other);
  });
  afterEach(() => two.close());

  const read = async (key: string): Promise<Buffer> => collect(await store.read(key));

  it('writes to the current place, and reads both', async () => {
    const [newer, older] = [randomBytes(1000), randomBytes(2000)];
    const { key } = await store.write(chunksOf(newer));
    expect([await current.size(key), await other.size(key)]).toEqual([1000, undefined]);
    const { key: olderKey } = await other.write(chunksOf(older));
    expect([await read(key), await read(olderKey), await store.size(olderKey)]).toEqual([newer, older, 2000]);
    const pieces: Buffer[] = [];
    await (
      await store.open(olderKey, { start: 10, end: 19 }, 2000)
    ).copyTo(async (piece) => {
      pieces.push(Buffer.from(piece));
      return Promise.resolve();
    });
    expect(Buffer.concat(pieces)).toEqual(older.subarray(10, 20));
    const { key: gone } = await store.write(chunksOf(newer));
    await store.delete([gone]);
    await expect(read(gone)).rejects.toThrow(BlobMissingError);
  });

  it('hands over files of the current place alone', async () => {
    const { key } = await store.write(chunksOf(randomBytes(10)));
    const { key: older } = await other.write(chunksOf(randomBytes(10)));
    expect(await store.handOver(key, 10)).toEqual({ kind: 'file', path: key });
    expect(await store.handOver(older, 10)).toBeUndefined();
  });

  it('deletes from both', async () => {
    const { key } = await other.write(chunksOf(Buffer.from('secret')));
    await current.writeAs(key, chunksOf(Buffer.from('secret')));
    await store.delete([key]);
    await expect(read(key)).rejects.toThrow(BlobMissingError);
    expect([await current.size(key), await other.size(key)]).toEqual([undefined, undefined]);
  });

  it('sets aside what it reads, so that whole bytes of the other place are found again', async () => {
    const bytes = Buffer.from('whole');
    const { key } = await other.write(chunksOf(bytes));
    await current.writeAs(key, chunksOf(Buffer.from('wrong')));
    await store.quarantine(key);
    expect(await read(key)).toEqual(bytes);
    await store.quarantine(key);
    await expect(read(key)).rejects.toThrow(BlobMissingError);
    expect(await store.sweepQuarantined(new Date(Date.now() + 60_000))).toBe(2);
  });

  it('sweeps both', async () => {
    for (const place of [current, other]) await place.resumable.start();
    expect(await store.resumable.sweep(-60_000)).toBe(2);
  });

  describe('an upload that began in the other place', () => {
    const whole = randomBytes(3_000_000);
    let id: string;
    beforeEach(async () => {
      id = await other.resumable.start();
      await other.resumable.append(id, 0, chunksOf(whole.subarray(0, 1_000_000)));
    });

    it.each(['commit', 'finish'] as const)('goes on, and its %s stores the bytes in the current place', async (way) => {
      expect(await store.resumable.offset(id)).toBe(1_000_000);
      const rest = whole.subarray(1_000_000);
      if (way === 'commit') await store.resumable.append(id, 1_000_000, chunksOf(rest));
      const { key } = await (way === 'commit'
        ? store.resumable.commit(id, digestOf(whole))
        : store.resumable.finish(id, 1_000_000, chunksOf(rest), digestOf(whole)));
      expect((await collect(await current.read(key))).equals(whole)).toBe(true);
      expect(await store.resumable.offset(id)).toBeUndefined();
    });

    it('can be cancelled', async () => {
      await store.resumable.abort(id);
      expect(await store.resumable.offset(id)).toBeUndefined();
      await expect(store.resumable.append(id, 0, chunksOf(whole))).rejects.toThrow(UnknownWriteError);
    });
  });
});
