import { randomBytes } from 'node:crypto';
import { BlobMissingError, type BlobStore } from '../../src/blobs/blob-store';
import { MemoryBlobStore } from '../../src/blobs/memory';
import { newObjectKey } from '../../src/blobs/s3/object-keys';
import { BlobDigestError, withDigest } from '../../src/blobs/with-digest';
import { chunksOf, digestOf, failingAfter, type Listed, type ReadAll } from './streams';

/** The keys of other kinds of stores. */
const KEYS: readonly (readonly [string, () => Promise<string>])[] = [
  ['a filesystem', async () => (await new MemoryBlobStore().write(chunksOf(randomBytes(9)))).key],
  ['a bucket', () => Promise.resolve(newObjectKey())],
];

/** Registers the tests of `writeAs`. */
export function describeCopying(store: () => BlobStore, listed: Listed, readAll: ReadAll): void {
  describe.each(KEYS)('writeAs, with a key of %s,', (_, newKey) => {
    it.each([0, 1000, 9_000_000])('stores %s bytes as any others', async (size) => {
      const key = await newKey();
      const bytes = randomBytes(size);
      const stored = await store().writeAs(key, chunksOf(bytes));
      expect(stored).toMatchObject({ key, sizeBytes: size, digest: digestOf(bytes) });
      expect((await readAll(key)).equals(bytes)).toBe(true);
      expect(await listed()).toEqual([{ key, sizeBytes: size }]);
      expect(await store().sweepUnfinished(-60_000)).toBe(0);
      await store().delete([key]);
      expect(await listed()).toEqual([]);
    });

    it('replaces what is there', async () => {
      const key = await newKey();
      await store().writeAs(key, chunksOf(randomBytes(2000)));
      const bytes = randomBytes(1000);
      await store().writeAs(key, chunksOf(bytes));
      expect((await readAll(key)).equals(bytes)).toBe(true);
      expect(await listed()).toEqual([{ key, sizeBytes: 1000 }]);
    });

    it('stores nothing when its source breaks', async () => {
      const key = await newKey();
      for (const size of [100, 9_000_000]) {
        const error = new Error('the source broke');
        await expect(store().writeAs(key, failingAfter(randomBytes(size), error))).rejects.toBe(error);
        await expect(readAll(key)).rejects.toThrow(BlobMissingError);
      }
      expect(await store().sweepUnfinished(-60_000)).toBe(0);
    });

    it('never completes bytes of another digest', async () => {
      const key = await newKey();
      for (const size of [0, 100, 9_000_000]) {
        const bytes = withDigest(chunksOf(randomBytes(size)), digestOf(Buffer.from('others')));
        await expect(store().writeAs(key, bytes)).rejects.toThrow(BlobDigestError);
        await expect(readAll(key)).rejects.toThrow(BlobMissingError);
      }
    });

    it('quarantines what came under it', async () => {
      const key = await newKey();
      await store().writeAs(key, chunksOf(randomBytes(10)));
      await store().quarantine(key);
      await expect(readAll(key)).rejects.toThrow(BlobMissingError);
      expect(await store().sweepQuarantined(new Date(Date.now() + 60_000))).toBe(1);
    });
  });
}
