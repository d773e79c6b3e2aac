import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { BlobStore } from '../../src/blobs/blob-store';
import { manyZeros } from '../helpers/hostile-layers';
import { chunksOf, digestOf, failingAfter } from './streams';

/** Bytes that compress to a third, as a layer does. */
function compressible(size: number): Buffer {
  return Buffer.from(randomBytes(size / 4).toString('hex') + 'drydock '.repeat(size / 16));
}

/** What `write` promises of `unpacked`. */
export function describeUnpacking(store: () => BlobStore): void {
  const unpackedOf = async (bytes: Buffer, chunkBytes?: number) => {
    const { unpacked } = await store().write(chunksOf(bytes, chunkBytes), { unpacked: true });
    return unpacked;
  };

  describe('write of bytes that are also unpacked', () => {
    it.each([10, 40_000, 4_000_000])('computes the digest of %s bytes that gzip compressed', async (size) => {
      for (const bytes of [compressible(size), randomBytes(size)]) {
        const expected = { compression: 'gzip', digest: digestOf(bytes), isDamaged: false };
        expect(await unpackedOf(gzipSync(bytes))).toEqual(expected);
      }
    });

    it('unpacks all members of a gzip file, and ignores padding after the last one', async () => {
      const parts = [compressible(3_000_000), Buffer.alloc(0), compressible(2_000_000)];
      const bytes = Buffer.concat([...parts.map((part) => gzipSync(part)), Buffer.alloc(2_000_000)]);
      const expected = { compression: 'gzip', digest: digestOf(Buffer.concat(parts)), isDamaged: false };
      expect(await unpackedOf(bytes, 70_000)).toEqual(expected);
    });

    it.each([0, 5, 2_500_000])('knows %s bytes without compression by their digest', async (size) => {
      const bytes = Buffer.alloc(size, 'tar');
      expect(await unpackedOf(bytes)).toEqual({ compression: 'none', digest: digestOf(bytes), isDamaged: false });
    });

    it('says that gzip data is damaged, whole or cut, and keeps the bytes', async () => {
      const whole = gzipSync(compressible(6_000_000));
      const changed = Buffer.from(whole);
      changed.fill(0xff, 1000, 1100);
      const damaged = [
        changed,
        whole.subarray(0, -9),
        Buffer.concat([whole, Buffer.from('junk')]),
        whole.subarray(0, 7),
      ];
      for (const bytes of damaged) {
        const { digest, unpacked } = await store().write(chunksOf(bytes), { unpacked: true });
        expect(digest).toBe(digestOf(bytes));
        expect(unpacked).toEqual({ compression: 'gzip', digest: undefined, isDamaged: true });
      }
    });

    it.each([
      ['xz', 'fd377a585a00'],
      ['bzip2', '425a6839'],
      ['zstd', '28b52ffd'],
    ])('only recognises %s', async (compression, magic) => {
      const bytes = Buffer.concat([Buffer.from(magic, 'hex'), randomBytes(2_000_000)]);
      expect(await unpackedOf(bytes)).toEqual({ compression, digest: undefined, isDamaged: false });
    });

    it('leaves bytes that expand a thousandfold, and goes on with the others', async () => {
      const [bomb, bytes] = [manyZeros(512), compressible(5_000_000)];
      const [left, other] = await Promise.all([unpackedOf(bomb), unpackedOf(gzipSync(bytes))]);
      expect(left).toEqual({ compression: 'gzip', digest: undefined, isDamaged: false });
      expect(other?.digest).toBe(digestOf(bytes));
    });

    it('never mixes simultaneous writes, some of which are interrupted', async () => {
      const all = Array.from({ length: 9 }, () => compressible(4_000_000));
      const found = await Promise.all(
        all.map(async (bytes, i) => {
          const packed = gzipSync(bytes, { level: 1 });
          const source = i % 3 === 2 ? failingAfter(packed, new Error('gone')) : chunksOf(packed, 30_000 + i);
          const blob = await store()
            .write(source, { unpacked: true, prefix: Buffer.from([i]) })
            .catch(() => undefined);
          return blob?.unpacked?.digest;
        }),
      );
      expect(found).toEqual(all.map((bytes, i) => (i % 3 === 2 ? undefined : digestOf(bytes))));
    });

    it('does it only if the caller wants it', async () => {
      expect(await store().write(chunksOf(gzipSync('x')))).not.toHaveProperty('unpacked');
    });
  });
}
