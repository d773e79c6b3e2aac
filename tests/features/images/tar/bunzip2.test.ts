import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { decompress } from '../../../../src/features/images/tar/decompress';
import { TarError } from '../../../../src/features/images/tar/tar-error';
import { describeInstalled, isInstalled } from '../../../helpers/installed';
import { bomb, endlessTable } from './bzip2-bits';
import { collect, inChunks } from './pack-tar';

const unpack = (bytes: Buffer, sizes?: number[]): Promise<Buffer> => collect(decompress(inChunks(bytes, sizes)));

/** `bzip2 -9` of 3000 times "drydock\n". */
const BZIP2 = Buffer.from(
  'QlpoOTFBWSZTWZt5OewAF2/BgAAQDAiQICAAUIYATVQ0OVCFlQheqELlQhZUIXaoQvVCF8XckU4UJCbeTnsA',
  'base64',
);
const PLAIN = Buffer.from('drydock\n'.repeat(3000));

/** `bzip2` of nothing: a stream without blocks. */
const NOTHING = Buffer.from('425a683917724538509000000000', 'hex');

describe('bzip2', () => {
  it('comes out whole, wherever the chunks are cut', async () => {
    for (const sizes of [undefined, [1], [7, 3]]) expect((await unpack(BZIP2, sizes)).equals(PLAIN)).toBe(true);
    expect(await unpack(NOTHING)).toEqual(Buffer.alloc(0));
  });

  it('may be several streams, one after the other', async () => {
    const bytes = Buffer.concat([BZIP2, NOTHING, BZIP2, BZIP2]);
    expect((await unpack(bytes, [13])).equals(Buffer.concat([PLAIN, PLAIN, PLAIN]))).toBe(true);
  });

  it('is refused when it is cut, at whatever byte', async () => {
    const bytes = Buffer.concat([NOTHING, BZIP2]);
    for (let length = 3; length < bytes.length; length += 1) {
      if (length === NOTHING.length) continue; // a whole stream
      await expect(unpack(bytes.subarray(0, length))).rejects.toThrow(TarError);
    }
  });

  it('is refused when other bytes follow, as Go does', async () => {
    for (const tail of ['junk', '\0', 'BZ']) {
      await expect(unpack(Buffer.concat([BZIP2, Buffer.from(tail)]))).rejects.toThrow('damaged bzip2 data');
    }
  });

  it('is refused when a checksum differs, of a block or of the stream', async () => {
    for (const at of [10, 13, BZIP2.length - 2, BZIP2.length - 5]) {
      const changed = Buffer.from(BZIP2);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at);
      await expect(unpack(changed)).rejects.toThrow('damaged bzip2 data');
    }
  });

  it('is refused when bits of it are changed, or comes out as it was', async () => {
    const change = fc.record({ at: fc.nat({ max: BZIP2.length - 1 }), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, by }) => {
        const changed = Buffer.from(BZIP2);
        changed.writeUInt8(changed.readUInt8(at) ^ by, at);
        if (at < 3) return; // no longer bzip2
        const result = await unpack(changed).catch((error: unknown) => error);
        if (result instanceof TarError) return;
        expect((result as Buffer).equals(PLAIN)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('comes out piece by piece, however far it expands', async () => {
    const bytes = bomb(2);
    expect(bytes.length).toBeLessThan(100);
    const piece = Buffer.alloc(65_536, 255);
    let [length, longest] = [0, 0];
    for await (const chunk of decompress(inChunks(bytes))) {
      expect(chunk.equals(piece.subarray(0, chunk.length))).toBe(true);
      length += chunk.length;
      longest = Math.max(longest, chunk.length);
    }
    expect([length, longest]).toEqual([2 * 46_620_000, 65_536]);
  });

  it('expands no further than its reader wants, be it thousands of such blocks', async () => {
    const bytes = bomb(3000);
    let length = 0;
    for await (const chunk of decompress(inChunks(bytes))) {
      length += chunk.length;
      if (length > 1_000_000) break;
    }
    expect(length).toBeLessThan(1_100_000);
  });

  it('is refused when a block has no end within 4 MiB', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      const head = endlessTable(1024 * 1024);
      for (yield head; ; given += head.length) yield await Promise.resolve(head.subarray(100));
    }
    await expect(collect(decompress(endless()))).rejects.toThrow('damaged bzip2 data');
    expect(given).toBeLessThan(8 * 1024 * 1024);
    await expect(unpack(endlessTable(5000))).rejects.toThrow('damaged bzip2 data');
  });

  it('of version 0.9.0, which scrambles blocks, is refused by name', async () => {
    const changed = Buffer.from(BZIP2);
    changed.writeUInt8(changed.readUInt8(14) | 0x80, 14);
    await expect(unpack(changed)).rejects.toThrow('unsupported bzip2 data of version 0.9.0');
  });
});

describeInstalled(isInstalled('bzip2', '--version'), 'bzip2 as its own program writes it', () => {
  const words = Array.from({ length: 300 }, () => randomBytes(20).toString('base64'));
  const texts = Buffer.from(Array.from({ length: 60_000 }, (_, at) => words[(at * 7919 + (at >> 3)) % 300]).join(' '));
  const runs = Buffer.concat([1, 3, 4, 5, 254, 255, 256, 259, 260, 1000].map((length, at) => Buffer.alloc(length, at)));
  const contents = {
    texts,
    random: randomBytes(1_300_000),
    zeros: Buffer.alloc(10_000_000),
    runs,
    ones: Buffer.alloc(600, 255),
    all: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    one: Buffer.from('x'),
    nothing: Buffer.alloc(0),
  };

  it.each(['-1', '-5', '-9'])('comes out whole (%s)', async (level) => {
    for (const content of Object.values(contents)) {
      const { stdout, status } = spawnSync('bzip2', ['-c', level], { input: content, maxBuffer: 2 ** 26 });
      expect(status).toBe(0);
      expect((await unpack(stdout, [65_536])).equals(content)).toBe(true);
    }
  });
});
