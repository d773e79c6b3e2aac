import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gunzipStored, UnpackingOnArrival } from '../../src/blobs/unpacking';
import { decompress } from '../../src/features/images/tar/decompress';
import { TarError } from '../../src/features/images/tar/tar-error';
import { manyZeros } from '../helpers/hostile-layers';
import { chunksOf, collect, digestOf } from './streams';

const LONGEST = 1024 ** 3;

/** As the readers of layers see the bytes. */
async function read(bytes: Buffer, cut: number): Promise<string> {
  try {
    return digestOf(await collect(decompress(chunksOf(bytes, cut))));
  } catch (error) {
    if (error instanceof TarError) return error.message;
    throw error;
  }
}

async function stored(bytes: Buffer, cut: number): Promise<string> {
  const found = await gunzipStored(chunksOf(bytes, cut), LONGEST);
  return 'digest' in found ? found.digest : `${found.reason} gzip data`;
}

async function arriving(bytes: Buffer, cut: number): Promise<string> {
  const unpacking = new UnpackingOnArrival();
  for await (const piece of chunksOf(bytes, cut)) await unpacking.take(Buffer.from(piece));
  const { digest, isDamaged } = await unpacking.finish('sha256:');
  return isDamaged ? 'damaged gzip data' : String(digest);
}

const MEMBER = gzipSync('ab');

/** What may follow or be inside of a gzip file: whole members, parts of one, padding, junk. */
const part = fc.oneof(
  fc.constant(MEMBER),
  fc.constant(gzipSync('')),
  fc.constant(gzipSync(randomBytes(3000))),
  fc.nat({ max: MEMBER.length }).map((length) => MEMBER.subarray(0, length)),
  fc.nat({ max: 40 }).map((length) => Buffer.alloc(length)),
  fc.constant(Buffer.from('junk')),
  fc.constant(Buffer.from([0x1f])),
  fc.nat({ max: MEMBER.length - 1 }).map((at) => {
    const changed = Buffer.from(MEMBER);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at);
    return changed;
  }),
);

describe('unpacking in the thread', () => {
  it('finds the same of odd gzip files as the readers of layers, wherever they are cut', async () => {
    const odd = fc.array(part, { maxLength: 4 }).map((parts) => Buffer.concat([MEMBER, ...parts]));
    await fc.assert(
      fc.asyncProperty(odd, fc.integer({ min: 1, max: 60 }), async (bytes, cut) => {
        const expected = await read(bytes, 1000);
        expect(await stored(bytes, cut)).toBe(expected);
        expect(await arriving(bytes, Math.max(cut, 6))).toBe(expected);
      }),
      { numRuns: 100 },
    );
  });

  it('stops reading stored bytes when nothing more of them counts', async () => {
    let isClosed = false;
    async function* endless(head: Buffer): AsyncGenerator<Buffer> {
      try {
        yield await Promise.resolve(head);
        for (;;) yield await Promise.resolve(Buffer.alloc(1000, 'x'));
      } finally {
        isClosed = true;
      }
    }
    expect(await gunzipStored(endless(MEMBER), LONGEST)).toEqual({ reason: 'damaged' });
    expect(isClosed).toBe(true);
    expect(await gunzipStored(endless(Buffer.concat([MEMBER, Buffer.alloc(5)])), LONGEST)).toEqual({
      digest: digestOf(Buffer.from('ab')),
    });
    expect(await gunzipStored(chunksOf(manyZeros(64)), 10_000_000)).toEqual({ reason: 'too large' });
  });

  it('throws what the source of stored bytes throws', async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(MEMBER);
      throw new RangeError('disk on fire');
    }
    await expect(gunzipStored(failing(), LONGEST)).rejects.toThrow(RangeError);
  });

  it('gives up when the thread falls behind, rather than to hold more memory or to wait', async () => {
    const unpacking = new UnpackingOnArrival();
    const pieces = gzipSync(randomBytes(40_000_000), { level: 1 });
    const taken: Promise<void>[] = [];
    for (let at = 0; at < pieces.length; at += 1_000_000)
      taken.push(unpacking.take(pieces.subarray(at, at + 1_000_000)));
    await Promise.all(taken);
    expect(await unpacking.finish('sha256:')).toEqual({ compression: 'gzip', digest: undefined, isDamaged: false });
    expect(await arriving(gzipSync('next'), 1000)).toBe(digestOf(Buffer.from('next')));
  });

  it('gives up at the end, too, rather than to wait long for what has arrived', async () => {
    const unpacking = new UnpackingOnArrival(0);
    const bytes = gzipSync(randomBytes(12_000_000), { level: 1 });
    const taken: Promise<void>[] = [];
    for await (const piece of chunksOf(bytes, 1_000_000)) taken.push(unpacking.take(piece));
    const found = await unpacking.finish('sha256:');
    expect(found).toEqual({ compression: 'gzip', digest: undefined, isDamaged: false });
    await Promise.all(taken); // the thread has let go of the pieces
  });
});
