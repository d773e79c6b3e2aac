import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { decompress } from '../../../../src/features/images/tar/decompress';
import { TarError } from '../../../../src/features/images/tar/tar-error';
import { describeInstalled, isInstalled } from '../../../helpers/installed';
import { collect, inChunks } from './pack-tar';
import { block, frameStart, lastBlock, skippable } from './zstd-frames';

const unpack = (bytes: Buffer, sizes?: number[]): Promise<Buffer> => collect(decompress(inChunks(bytes, sizes)));

/** `zstd -19` of 3000 times "drydock\n", with its checksum. */
const ZSTD = Buffer.from('KLUv/QRohQAAQGRyeWRvY2sKAQC13f1yAW+hT6Y=', 'base64');
const PLAIN = Buffer.from('drydock\n'.repeat(3000));

/** A frame without a checksum and the size of its content, with a window of 1 KiB. */
const small = (text: string): Buffer => Buffer.concat([frameStart(0, 0), lastBlock(text)]);

describe('zstd', () => {
  it('comes out whole, wherever the chunks are cut', async () => {
    for (const sizes of [undefined, [1], [7, 3]]) expect((await unpack(ZSTD, sizes)).equals(PLAIN)).toBe(true);
  });

  it('may have many frames, and others that are skipped, also at its beginning', async () => {
    const bytes = [skippable(randomBytes(5000)), small('ab'), skippable(Buffer.alloc(0), 15), ZSTD, small('c')];
    const expected = Buffer.concat([Buffer.from('ab'), PLAIN, Buffer.from('c')]);
    expect((await unpack(Buffer.concat(bytes), [100])).equals(expected)).toBe(true);
    expect(await unpack(skippable(randomBytes(9)))).toEqual(Buffer.alloc(0));
  });

  it('is refused when it is cut, at whatever byte', async () => {
    const bytes = Buffer.concat([small('ab'), skippable(randomBytes(6)), ZSTD]);
    const ends = [small('ab').length, small('ab').length + 14];
    for (let length = 6; length < bytes.length; length += 1) {
      if (ends.includes(length)) continue; // whole frames
      await expect(unpack(bytes.subarray(0, length))).rejects.toThrow(TarError);
    }
  });

  it('is refused when other bytes follow', async () => {
    for (const tail of ['junk', '\0', '\0\0\0\0']) {
      await expect(unpack(Buffer.concat([ZSTD, Buffer.from(tail)]))).rejects.toThrow('damaged zstd data');
    }
  });

  it('is refused when a byte of it is changed, or comes out as it was', async () => {
    const change = fc.record({
      at: fc.integer({ min: 4, max: ZSTD.length - 1 }),
      by: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, by }) => {
        const changed = Buffer.from(ZSTD);
        changed.writeUInt8(changed.readUInt8(at) ^ by, at);
        const result = await unpack(changed).catch((error: unknown) => error);
        if (!(result instanceof TarError)) expect((result as Buffer).equals(PLAIN)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('is refused when its content has another length than it says', async () => {
    for (const size of [1, 3]) {
      const bytes = Buffer.concat([frameStart(0x20, size), lastBlock('ab')]);
      await expect(unpack(bytes)).rejects.toThrow('damaged zstd data');
    }
    expect(String(await unpack(Buffer.concat([frameStart(0x20, 2), lastBlock('ab')])))).toBe('ab');
  });

  it('is refused when it would need a window of more than 32 MiB, whatever its content', async () => {
    const exponent = (bits: number): number => (bits - 10) << 3;
    expect(String(await unpack(Buffer.concat([frameStart(0, exponent(25)), lastBlock('ok')])))).toBe('ok');
    const refusal = 'its window is larger than 32 MiB';
    for (const descriptor of [exponent(25) + 1, exponent(27), 0xff]) {
      await expect(unpack(Buffer.concat([frameStart(0, descriptor), lastBlock('ok')]))).rejects.toThrow(refusal);
    }
    const declared = Buffer.concat([frameStart(0xe0, 0, 0, 0, 0, 0, 0, 0, 0x7f), lastBlock('ok')]);
    await expect(unpack(declared)).rejects.toThrow(refusal);
  });

  it('is refused when it needs a dictionary', async () => {
    await expect(unpack(Buffer.concat([frameStart(1, 0, 7), lastBlock('ok')]))).rejects.toThrow(
      'it needs a dictionary',
    );
    expect(String(await unpack(Buffer.concat([frameStart(1, 0, 0), lastBlock('ok')])))).toBe('ok');
  });

  it('is refused when a block is larger than 128 KiB, or of no known type', async () => {
    const byte = Buffer.from('x');
    const large = 128 * 1024;
    expect(await unpack(Buffer.concat([frameStart(0, 0x50), block(1, large, byte, true)]))).toHaveLength(large);
    for (const bad of [block(1, large + 1, byte, true), block(3, 1, byte, true)]) {
      await expect(unpack(Buffer.concat([frameStart(0, 0x50), bad]))).rejects.toThrow('damaged zstd data');
    }
  });

  it('comes out piece by piece, however far it expands', async () => {
    const blocks = Array<Buffer>(2000).fill(block(1, 128 * 1024, Buffer.from('x')));
    const bytes = Buffer.concat([frameStart(0, 0x40), ...blocks, lastBlock('')]); // 8 KB for 250 MB
    let [length, longest] = [0, 0];
    for await (const chunk of decompress(inChunks(bytes))) {
      length += chunk.length;
      longest = Math.max(longest, chunk.length);
    }
    expect([length, longest]).toEqual([2000 * 128 * 1024, 128 * 1024]);
  });

  it('is refused when tiny blocks have a large window, which would take hours', async () => {
    const blocks = Array<Buffer>(2000).fill(block(1, 1, Buffer.from('x')));
    const bytes = Buffer.concat([frameStart(0, (25 - 10) << 3), ...blocks, lastBlock('')]);
    await expect(unpack(bytes)).rejects.toThrow('tiny blocks');
    expect(await unpack(Buffer.concat([frameStart(0, 0), ...blocks, lastBlock('')]))).toHaveLength(2000);
  });
});

describeInstalled(isInstalled('zstd', '--version'), 'zstd as its own program writes it', () => {
  const words = Array.from({ length: 300 }, () => randomBytes(20).toString('base64'));
  const texts = Buffer.from(Array.from({ length: 60_000 }, (_, at) => words[(at * 7919 + (at >> 3)) % 300]).join(' '));
  const contents = {
    texts,
    random: randomBytes(300_000),
    zeros: Buffer.alloc(3_000_000),
    mixed: Buffer.concat([texts.subarray(0, 200_000), randomBytes(200_000), Buffer.alloc(200_000), texts]),
    few: Buffer.from('abc'),
    nothing: Buffer.alloc(0),
  };

  it.each([
    ['-1'],
    ['-3', '--no-check'],
    ['-9', '--no-content-size'],
    ['-19'],
    ['-5', '--long=25'],
    ['-3', '-B50000', '-T2'],
    ['--ultra', '-20'],
    ['--fast=5'],
  ])('comes out whole (%s %s %s)', async (...options) => {
    for (const content of Object.values(contents)) {
      const { stdout, status } = spawnSync('zstd', ['-q', '-c', ...options.filter(Boolean)], {
        input: content,
        maxBuffer: 2 ** 26,
      });
      expect(status).toBe(0);
      expect((await unpack(stdout, [65_536])).equals(content)).toBe(true);
    }
  });
});
