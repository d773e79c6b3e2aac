import { Bits, RanOut } from './bits';
import { readBlock, type Block } from './block';
import { damaged } from './damaged';

/*
 * Unpacks bzip2. Untrusted data decides nothing about the memory: a block has at most 900,000 bytes, and expands to at
 * most 47 MB, which are returned in pieces; the caller decides how far it reads.
 */

const LEVEL_BYTES = 100_000;

/** More than any block: 900,000 codes of 20 bits, and the tables. */
const LONGEST_BLOCK_BYTES = 4 * 1024 * 1024;

/** Mostly a whole block, so that it is read once. */
const READ_AHEAD_BYTES = 1024 * 1024;

const PIECE_BYTES = 64 * 1024;

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** Reads values from a stream of bytes. */
class BitSource {
  private readonly source: AsyncIterator<Buffer>;
  private isAtEnd = false;
  readonly bits = new Bits();

  constructor(bytes: AsyncIterable<Buffer>) {
    this.source = bytes[Symbol.asyncIterator]();
  }

  /** Resolves when so many bytes are at hand, or all that there are. */
  private async fill(byteCount: number): Promise<void> {
    const pieces: Buffer[] = [];
    for (let length = this.bits.bytesLeft; length < byteCount && !this.isAtEnd;) {
      const next = await this.source.next();
      if (next.done === true) this.isAtEnd = true;
      else length += pieces.push(next.value) === 0 ? 0 : next.value.length;
    }
    if (pieces.length > 0) this.bits.append(pieces);
  }

  /** Reads a value that may need any number of bytes up to a limit. @throws TarError when the data is damaged */
  async read<T>(take: (bits: Bits) => T): Promise<T> {
    for (let byteCount = READ_AHEAD_BYTES; byteCount <= LONGEST_BLOCK_BYTES; byteCount *= 2) {
      await this.fill(byteCount);
      const { at } = this.bits;
      try {
        return take(this.bits);
      } catch (error) {
        if (!(error instanceof RanOut)) throw error;
        this.bits.at = at;
        if (this.isAtEnd) break;
      }
    }
    throw damaged();
  }

  /** Whether there is another whole byte. */
  async hasMore(): Promise<boolean> {
    this.bits.align();
    await this.fill(1);
    return this.bits.bytesLeft > 0;
  }
}

/** @returns the size of the largest block */
function readHeader(bits: Bits): number {
  const level = bits.read(24) === 0x425a68 ? bits.read(8) - 0x30 : 0;
  if (level < 1 || level > 9) throw damaged();
  return level * LEVEL_BYTES;
}

/** The bytes of a block, in pieces that the caller may keep. @throws TarError when the checksum differs */
function* unpackBlock({ crc: expected, chain, start, length }: Block): Generator<Buffer, void, undefined> {
  let [place, previous, equal, crc] = [start, -1, 0, -1];
  let piece = Buffer.allocUnsafe(PIECE_BYTES);
  let filled = 0;
  for (let left = length; left > 0; left -= 1) {
    const entry = chain[place] as number;
    place = entry >>> 8;
    let byte = entry & 0xff;
    let copies = 1;
    if (equal === 4) {
      // After four equal bytes comes the number of further ones.
      [copies, byte, equal] = [byte, previous, 0];
      previous = -1;
    } else {
      equal = byte === previous ? equal + 1 : 1;
      previous = byte;
    }
    for (; copies > 0; copies -= 1) {
      piece[filled] = byte;
      filled += 1;
      crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ byte] as number);
      if (filled < PIECE_BYTES) continue;
      yield piece;
      piece = Buffer.allocUnsafe(PIECE_BYTES);
      filled = 0;
    }
  }
  if (~crc >>> 0 !== expected) throw damaged();
  yield piece.subarray(0, filled);
}

/**
 * The uncompressed bytes of all streams of a bzip2 file. Nothing may follow the last stream.
 *
 * @throws TarError when the data is damaged or cut; what `bytes` throws
 */
export async function* bunzip2(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const source = new BitSource(bytes);
  do {
    const chain = new Uint32Array(await source.read(readHeader));
    let streamCrc = 0;
    for (;;) {
      const block = await source.read((bits) => readBlock(bits, chain));
      if ('streamCrc' in block) {
        if (block.streamCrc !== streamCrc) throw damaged();
        break;
      }
      yield* unpackBlock(block);
      streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ block.crc) >>> 0;
    }
  } while (await source.hasMore());
}
