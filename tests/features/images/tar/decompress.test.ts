import { gzipSync } from 'node:zlib';

import fc from 'fast-check';

import { decompress } from '../../../../src/features/images/tar/decompress';
import { TarError } from '../../../../src/features/images/tar/tar-reader';
import { collect, inChunks } from './pack-tar';

const unpack = (bytes: Buffer, sizes?: number[]): Promise<Buffer> => collect(decompress(inChunks(bytes, sizes)));
const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 5 });

/** `xz -9` of 3000 times "drydock\n": 24000 bytes. */
const XZ = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4F2/AEZdADIci5GVTDESMv0XxXCO4fT1td+zBpSgQxC7c7MPXk7KnaUCTp1uTmpKaHCUdmqdnL9CuZulP6SJ+AGRdtzHBHKiN1OrMgAAAABxYNsEe4JEhgABYsC7AQAA+zHNpLHEZ/sCAAAAAARZWg==',
  'base64',
);
const PLAIN = Buffer.from('drydock\n'.repeat(3000));

test('gzip and plain bytes come out whole, wherever the chunks are cut', async () => {
  const content = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
  await fc.assert(
    fc.asyncProperty(content, sizes, async (bytes, cuts) => {
      expect(await unpack(gzipSync(bytes), cuts)).toEqual(bytes);
      const plain = Buffer.concat([Buffer.from('plain'), bytes]);
      expect(await unpack(plain, cuts)).toEqual(plain);
    }),
    { numRuns: 40 },
  );
});

test('xz comes out whole', async () => {
  expect(await unpack(XZ)).toEqual(PLAIN);
  expect(await unpack(XZ, [1])).toEqual(PLAIN);
});

test('several xz streams at once wait for each other, even if one is given up', async () => {
  const half = async (): Promise<void> => {
    for await (const chunk of decompress(inChunks(XZ))) if (chunk.length > 0) break;
  };
  const [, first, second] = await Promise.all([half(), unpack(XZ), unpack(XZ), half()]);
  expect([first, second]).toEqual([PLAIN, PLAIN]);
});

test('a layer of zero bytes yields nothing', async () => {
  expect(await unpack(Buffer.alloc(0))).toEqual(Buffer.alloc(0));
});

test('a gzip file may have more members and padding, but nothing else', async () => {
  const members = Buffer.concat([gzipSync('ab'), gzipSync('cd')]);
  for (const tail of ['', '\0\0\0']) {
    expect((await unpack(Buffer.concat([members, Buffer.from(tail)]))).toString()).toBe('abcd');
  }
  await expect(unpack(Buffer.concat([members, Buffer.from('junk')]))).rejects.toThrow(TarError);
});

test.each([
  ['gzip', gzipSync(PLAIN)],
  ['xz', XZ],
])('%s that is cut or damaged is an error', async (_, whole) => {
  const damaged = Buffer.from(whole);
  damaged.fill(0xff, 20, 30);
  await expect(unpack(damaged)).rejects.toThrow(TarError);
  for (const length of [7, 20, whole.length - 9]) {
    await expect(unpack(whole.subarray(0, length))).rejects.toThrow(TarError);
  }
  expect(await unpack(XZ)).toEqual(PLAIN);
});

test.each([
  ['plain', Buffer.from('plain')],
  ['gzip', gzipSync(PLAIN).subarray(0, 15)],
  ['xz', XZ.subarray(0, 40)],
])('an error of the source is passed on as it is (%s)', async (_, head) => {
  async function* breaking(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(head);
    throw new RangeError('disk on fire');
  }
  await expect(collect(decompress(breaking()))).rejects.toThrow(RangeError);
});

test.each([
  ['gzip', gzipSync(Buffer.alloc(4_000_000))],
  ['xz', XZ],
])('a reader that stops early closes the source (%s)', async (_, bytes) => {
  let isClosed = false;
  async function* source(): AsyncGenerator<Buffer> {
    try {
      yield await Promise.resolve(bytes);
      for (;;) yield await Promise.resolve(Buffer.alloc(64));
    } finally {
      isClosed = true;
    }
  }
  for await (const chunk of decompress(source())) if (chunk.length > 0) break;
  await new Promise(setImmediate);
  expect(isClosed).toBe(true);
});
