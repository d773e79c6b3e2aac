import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ByteSource } from '../../src/platform/bytes/byte-source';
import { describeCopying } from './conformance-copying';
import { describeResuming } from './conformance-resuming';
import { describeUnpacking } from './conformance-unpacking';
import { chunksOf, collect, digestOf, failingAfter, type Listed, type ReadAll } from './streams';
import { BlobMissingError, BlobSizeError, type BlobStore } from '../../src/blobs/blob-store';
import { BLOB_FOLDERS } from '../../src/blobs/paths';

/*
 * What `blob-store.ts` promises, for any driver.
 */

/** A store with nothing in it. */
export interface OpenedStore {
  readonly store: BlobStore;
  /** another store on the same bytes, as another process opens it */
  again(): BlobStore;
  close(): Promise<void>;
}

/** Registers the suite for one driver. */
export function describeBlobStore(driver: string, openStore: () => Promise<OpenedStore>): void {
  describe(`${driver} keeps the promises of a blob store:`, () => {
    let opened: OpenedStore;
    let store: BlobStore;
    beforeEach(async () => {
      opened = await openStore();
      ({ store } = opened);
    });
    afterEach(() => opened.close());

    const listed = async (): Promise<{ key: string; sizeBytes: number }[]> => {
      const all = [];
      for await (const { key, sizeBytes } of store.list()) all.push({ key, sizeBytes });
      return all.sort((a, b) => a.key.localeCompare(b.key));
    };
    const readAll = async (key: string, range?: { start: number; end: number }): Promise<Buffer> =>
      collect(await store.read(key, range));

    describeWriting(() => store, listed, readAll);
    describeUnpacking(() => store);
    describeReading(() => store, readAll);
    describeOpening(() => store);
    describeCopying(() => store, listed, readAll);
    describeKeeping(() => store, listed, readAll);
    describeResuming(() => opened, listed, readAll);
  });
}

function describeWriting(store: () => BlobStore, listed: Listed, readAll: ReadAll): void {
  describe('write', () => {
    it.each([0, 1, 65_536, 1_048_576, 3_500_001])('stores %s bytes and returns them', async (size) => {
      const bytes = randomBytes(size);
      const stored = await store().write(chunksOf(bytes));
      expect([stored.digest, stored.sizeBytes]).toEqual([digestOf(bytes), size]);
      expect((await readAll(stored.key)).equals(bytes)).toBe(true);
      expect(await store().size(stored.key)).toBe(size);
    });

    it('accepts chunks of any size, including empty ones', async () => {
      const bytes = randomBytes(5000);
      const stored = await store().write(chunksOf(bytes, 1));
      expect((await readAll(stored.key)).equals(bytes)).toBe(true);
      const withEmpty = async function* (): AsyncGenerator<Buffer> {
        yield Buffer.alloc(0);
        yield* chunksOf(bytes, 777);
        yield await Promise.resolve(Buffer.alloc(0));
      };
      expect((await store().write(withEmpty())).digest).toBe(digestOf(bytes));
    });

    it.each([0, 200_000, 1_048_576, 1_048_577, 5_500_001])(
      'also hashes %s bytes after a prefix, in the same pass',
      async (size) => {
        const bytes = randomBytes(size);
        const prefix = Buffer.from('prefix\n');
        const stored = await store().write(chunksOf(bytes), { prefix });
        const expected = [digestOf(bytes), digestOf(Buffer.concat([prefix, bytes]))];
        expect([stored.digest, stored.prefixedDigest]).toEqual(expected);
        expect((await store().write(chunksOf(bytes))).prefixedDigest).toBe(digestOf(bytes));
      },
    );

    it('never mixes the hashes of large simultaneous writes, some of which are interrupted', async () => {
      const all = Array.from({ length: 9 }, () => randomBytes(4_000_000));
      const stored = await Promise.all(
        all.map((bytes, i) => {
          const source = i % 3 === 2 ? failingAfter(bytes, new Error('gone')) : chunksOf(bytes, 30_000 + i);
          return store()
            .write(source, { prefix: Buffer.from([i]) })
            .catch(() => undefined);
        }),
      );
      for (const [i, bytes] of all.entries()) {
        const expected = [digestOf(bytes), digestOf(Buffer.concat([Buffer.from([i]), bytes]))];
        const found = stored[i] && [stored[i].digest, stored[i].prefixedDigest];
        expect([i, found]).toEqual([i, i % 3 === 2 ? undefined : expected]);
        if (found) expect((await readAll(stored[i]!.key)).equals(bytes)).toBe(true);
      }
    });

    it('gives equal bytes one digest and two keys, so that deleting one keeps the other', async () => {
      const bytes = randomBytes(1000);
      const [first, second] = [await store().write(chunksOf(bytes)), await store().write(chunksOf(bytes))];
      expect(first.digest).toBe(second.digest);
      expect(first.key).not.toBe(second.key);
      await store().delete([first.key]);
      expect(await readAll(second.key)).toEqual(bytes);
    });

    it.each([0, 100, 2_500_000])(
      'throws the error of its source after %s bytes and leaves nothing behind',
      async (size) => {
        const error = new Error('the source broke');
        await expect(store().write(failingAfter(randomBytes(size), error))).rejects.toBe(error);
        expect(await listed()).toEqual([]);
        expect(await store().sweepUnfinished(-60_000)).toBe(0);
      },
    );

    it('handles many writes at once', async () => {
      const all = Array.from({ length: 20 }, () => randomBytes(100_000));
      const stored = await Promise.all(all.map((bytes) => store().write(chunksOf(bytes, 10_000))));
      for (const [i, { key }] of stored.entries()) expect((await readAll(key)).equals(all[i]!)).toBe(true);
    });
  });
}

function describeReading(store: () => BlobStore, readAll: ReadAll): void {
  describe('read', () => {
    it('returns a range including both ends', async () => {
      const bytes = randomBytes(3_000_000);
      const { key } = await store().write(chunksOf(bytes));
      const last = bytes.length - 1;
      for (const [start, end] of [
        [0, 0],
        [0, last],
        [last, last],
        [1_000_000, 2_100_000],
        [5, 10],
      ] as const) {
        expect((await readAll(key, { start, end })).equals(bytes.subarray(start, end + 1))).toBe(true);
      }
    });

    it('refuses a missing key before the first byte', async () => {
      const missing = `sha256/ab/${'ab'.repeat(32)}-00000000`;
      await expect(store().read(missing)).rejects.toThrow(BlobMissingError);
      await expect(store().read(missing, { start: 0, end: 1 })).rejects.toThrow(BlobMissingError);
      expect(await store().size(missing)).toBeUndefined();
    });

    it('refuses an unexpected length before the first byte', async () => {
      const bytes = randomBytes(1000);
      const { key } = await store().write(chunksOf(bytes));
      for (const expected of [999, 1001, 0]) {
        await expect(store().read(key, undefined, expected)).rejects.toThrow(BlobSizeError);
        await expect(store().read(key, { start: 0, end: 1 }, expected)).rejects.toThrow(BlobSizeError);
      }
      expect((await collect(await store().read(key, undefined, 1000))).equals(bytes)).toBe(true);
      expect(await collect(await store().read(key, { start: 1, end: 2 }, 1000))).toEqual(bytes.subarray(1, 3));
    });

    it('can be interrupted', async () => {
      const { key } = await store().write(chunksOf(randomBytes(3_000_000)));
      const stream = await store().read(key);
      stream.destroy();
      await new Promise((resolve) => stream.once('close', resolve));
      expect((await readAll(key)).length).toBe(3_000_000);
    });

    it('returns the same bytes to many readers at once', async () => {
      const bytes = randomBytes(500_000);
      const { key } = await store().write(chunksOf(bytes));
      const reads = await Promise.all(Array.from({ length: 10 }, () => readAll(key)));
      expect(reads.every((read) => read.equals(bytes))).toBe(true);
    });
  });
}

/** Collects all pieces as copies, because the buffers are reused; `pauseMs` makes a slow receiver. */
async function collectFrom(source: ByteSource, { pauseMs = 0, limit = Infinity } = {}): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await source.copyTo(async (piece) => {
    if (pauseMs > 0) await sleep(pauseMs);
    if (pieces.length === limit) throw new Error('enough');
    pieces.push(Buffer.from(piece)); // the last moment at which the piece belongs to us
  });
  return Buffer.concat(pieces);
}

function describeOpening(store: () => BlobStore): void {
  describe('open', () => {
    it.each([0, 1, 524_288, 1_048_577, 3_500_001])('delivers %s bytes, and any range of them', async (size) => {
      const bytes = randomBytes(size);
      const { key } = await store().write(chunksOf(bytes));
      expect((await collectFrom(await store().open(key, undefined, size))).equals(bytes)).toBe(true);
      if (size === 0) return;
      for (const [start, end] of [
        [0, 0],
        [0, size - 1],
        [size - 1, size - 1],
        [Math.floor(size / 3), Math.floor(size / 2)],
      ] as const) {
        const part = await collectFrom(await store().open(key, { start, end }));
        expect(part.equals(bytes.subarray(start, end + 1))).toBe(true);
      }
    });

    it('refuses a missing key or an unexpected length before the first byte', async () => {
      const { key } = await store().write(chunksOf(randomBytes(1000)));
      await expect(store().open(key, undefined, 999)).rejects.toThrow(BlobSizeError);
      await expect(store().open(`sha256/ab/${'ab'.repeat(32)}-00000000`)).rejects.toThrow(BlobMissingError);
    });

    it('hands over a blob of the expected length, if the driver supports it', async () => {
      const { key } = await store().write(chunksOf(randomBytes(1000)));
      expect([undefined, { kind: 'file', path: key }]).toContainEqual(await store().handOver(key, 1000));
    });

    it('ends with the error of its receiver, and can be closed unread', async () => {
      const { key } = await store().write(chunksOf(randomBytes(3_000_000)));
      const error = new Error('enough');
      await expect((await store().open(key)).copyTo(() => Promise.reject(error))).rejects.toBe(error);
      await (await store().open(key)).close();
    });

    it('never mixes the bytes of many readers of different speeds', async () => {
      const all = Array.from({ length: 12 }, () => randomBytes(2_500_000));
      const stored = await Promise.all(all.map((bytes) => store().write(chunksOf(bytes))));
      for (let round = 0; round < 3; round += 1) {
        const taken = stored.map(async ({ key }, i) => {
          const source = await store().open(key);
          const isBreakingOff = i % 4 === 3;
          if (isBreakingOff) return collectFrom(source, { pauseMs: 1, limit: 0 }).catch(() => undefined);
          return collectFrom(source, { pauseMs: (i % 4) * 3 });
        });
        for (const [i, bytes] of (await Promise.all(taken)).entries()) {
          if (i % 4 !== 3) expect([i, bytes?.equals(all[i]!)]).toEqual([i, true]);
        }
      }
    });
  });
}

function describeKeeping(store: () => BlobStore, listed: Listed, readAll: ReadAll): void {
  it('delete removes blobs, and accepts missing keys', async () => {
    const { key } = await store().write(chunksOf(randomBytes(10)));
    const [other, kept] = [
      await store().write(chunksOf(randomBytes(10))),
      await store().write(chunksOf(randomBytes(10))),
    ];
    await store().delete([]);
    await store().delete([key]);
    await store().delete([key, other.key]);
    await expect(readAll(key)).rejects.toThrow(BlobMissingError);
    expect((await listed()).map((blob) => blob.key)).toEqual([kept.key]);
    expect(await store().isEmpty()).toBe(false);
    await store().delete([kept.key]);
    expect(await store().isEmpty()).toBe(true);
  });

  it('lists each blob in one folder', async () => {
    const stored: string[] = [];
    for (let i = 0; i < 5; i += 1) stored.push((await store().write(chunksOf(randomBytes(10)))).key);
    const folders = BLOB_FOLDERS.filter((folder) => stored.some((key) => key.startsWith(folder)));
    const found = [];
    for (const folder of folders) for await (const { key } of store().list(folder)) found.push(key);
    expect(found.sort()).toEqual(stored.sort());
    const empty = BLOB_FOLDERS.find((folder) => !folders.includes(folder));
    for await (const blob of store().list(empty)) throw new Error(`${blob.key} is in another folder`);
  });

  it('names blobs that may have no row once they are old enough', async () => {
    const unclaimed = async (olderThanMs: number): Promise<string[]> => {
      const all = [];
      for await (const keys of store().unclaimed(olderThanMs)) all.push(...keys);
      return all.sort();
    };
    const keys = [];
    for (let i = 0; i < 3; i += 1) keys.push((await store().write(chunksOf(randomBytes(10)))).key);
    expect(await unclaimed(60_000)).toEqual([]);
    expect(await unclaimed(-60_000)).toEqual(keys.sort());
    const [claimed = '', deleted = '', aside = ''] = keys;
    await store().delete([deleted]);
    await store().quarantine(aside);
    await store().claim([claimed]);
    // A store that records nothing about blobs cannot know.
    expect([[], [claimed]]).toContainEqual(await unclaimed(-60_000));
    expect((await listed()).map(({ key }) => key)).toEqual([claimed]);
  });

  it('quarantine hides bytes until they are swept, and accepts a missing key', async () => {
    const { key } = await store().write(chunksOf(randomBytes(10)));
    const whole = await store().write(chunksOf(randomBytes(10)));
    await store().quarantine(key);
    await store().quarantine(key);
    await expect(readAll(key)).rejects.toThrow(BlobMissingError);
    expect(await store().size(key)).toBeUndefined();
    expect((await listed()).map((blob) => blob.key)).toEqual([whole.key]);
    expect(await store().sweepUnfinished(-60_000)).toBe(0);
    expect(await store().sweepQuarantined(new Date(Date.now() - 60_000))).toBe(0);
    expect(await store().sweepQuarantined(new Date(Date.now() + 60_000))).toBe(1);
    expect(await store().sweepQuarantined(new Date(Date.now() + 60_000))).toBe(0);
    expect((await readAll(whole.key)).length).toBe(10);
  });

  it('list returns every complete blob with its size and time, and no partial write', async () => {
    expect(await listed()).toEqual([]);
    const before = Date.now() - 1000;
    const stored = [];
    for (const size of [3, 1, 2]) stored.push(await store().write(chunksOf(randomBytes(size))));
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    const arriving = store().write(
      (async function* () {
        yield randomBytes(10);
        await held;
      })(),
    );
    const expected = stored.map(({ key, sizeBytes }) => ({ key, sizeBytes }));
    expect(await listed()).toEqual(expected.sort((a, b) => a.key.localeCompare(b.key)));
    for await (const { modifiedAt } of store().list()) {
      expect(modifiedAt.getTime()).toBeGreaterThan(before);
      expect(modifiedAt.getTime()).toBeLessThan(Date.now() + 1000);
    }
    finish();
    await arriving;
    expect(await listed()).toHaveLength(4);
  });

  it('sweepUnfinished keeps complete blobs and active writes', async () => {
    const { key } = await store().write(chunksOf(Buffer.from('complete')));
    const arriving = store().write(
      (async function* () {
        yield Buffer.from('arri');
        await sleep(50);
        yield Buffer.from('ving');
      })(),
    );
    await store().sweepUnfinished(60_000);
    expect((await readAll((await arriving).key)).toString()).toBe('arriving');
    await store().sweepUnfinished(-60_000);
    expect((await readAll(key)).toString()).toBe('complete');
  });

  it('check resolves while the store can read and write', async () => {
    await expect(store().check()).resolves.toBeUndefined();
  });
}
