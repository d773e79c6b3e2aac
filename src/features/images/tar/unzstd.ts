import { Decompress } from 'fzstd';
import xxhash from 'xxhash-wasm';
import { damageIn } from '../../../platform/bytes/compression';
import { ByteReader } from './byte-reader';
import { TarError } from './tar-error';

/*
 * Unpacks zstd (RFC 8878) with fzstd, which decodes blocks but does not check much: it takes cut data, ignores checksums,
 * sums of lengths and dictionaries, and allocates the window that the data asks for. So the frames are read here, and the
 * library gets one block at a time, which has at most 128 KiB.
 */

/** Further back the library does not find bytes. The levels 20 and lower of the tools stay within this. */
const LARGEST_WINDOW_BYTES = 32 * 1024 * 1024;

const LARGEST_BLOCK_BYTES = 128 * 1024;

/**
 * The library moves the whole window for each block. Large windows with tiny blocks would take hours for a megabyte; this
 * much is moved for nothing, and this much for each byte of output.
 */
const MOVED_BYTES = { free: 4 * 1024 ** 3, each: 512 };

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a5;

function damaged(): TarError {
  return new TarError(damageIn('zstd'));
}

async function take(reader: ByteReader, size: number): Promise<Buffer> {
  const bytes = await reader.read(size);
  if (bytes.length < size) throw damaged();
  return bytes;
}

async function skip(reader: ByteReader, size: number): Promise<void> {
  for (let left = size; left > 0;) {
    const chunk = await reader.chunk(left);
    if (chunk === undefined) throw damaged();
    left -= chunk.length;
  }
}

interface Frame {
  readonly windowBytes: number;
  readonly contentBytes: number | undefined;
  readonly hasChecksum: boolean;
}

async function contentSize(reader: ByteReader, flag: number, isSingle: boolean): Promise<number | undefined> {
  if (flag === 0) return isSingle ? (await take(reader, 1)).readUInt8() : undefined;
  if (flag === 1) return (await take(reader, 2)).readUInt16LE() + 256;
  if (flag === 2) return (await take(reader, 4)).readUInt32LE();
  return Number((await take(reader, 8)).readBigUInt64LE());
}

/** Reads what follows the magic number. */
async function readHeader(reader: ByteReader): Promise<Frame> {
  const flags = (await take(reader, 1)).readUInt8();
  if ((flags & 0x08) !== 0) throw damaged();
  const isSingle = (flags & 0x20) !== 0;
  const descriptor = isSingle ? 0 : (await take(reader, 1)).readUInt8();
  const dictionary = await take(reader, [0, 1, 2, 4][flags & 3] as number);
  if (dictionary.some((byte) => byte !== 0)) throw new TarError('unsupported zstd data: it needs a dictionary');
  const contentBytes = await contentSize(reader, flags >> 6, isSingle);
  const base = 2 ** (10 + (descriptor >> 3));
  const windowBytes = isSingle ? (contentBytes ?? 0) : base + (base / 8) * (descriptor & 7);
  if (windowBytes > LARGEST_WINDOW_BYTES) throw new TarError('unsupported zstd data: its window is larger than 32 MiB');
  return { windowBytes, contentBytes, hasChecksum: (flags & 0x04) !== 0 };
}

/** A header for the library: with the smallest window that the content needs, and nothing else. */
function headerFor({ windowBytes, contentBytes = Infinity }: Frame): Buffer {
  const needed = Math.min(windowBytes, contentBytes);
  let descriptor = 0;
  while (2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8) < needed) descriptor += 1;
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, descriptor]);
}

/** The blocks of a frame, each with its header. */
async function* blocksOf(reader: ByteReader): AsyncGenerator<{ block: Buffer; isLast: boolean }> {
  for (let isLast = false; !isLast;) {
    const header = await take(reader, 3);
    const value = header.readUIntLE(0, 3);
    const [type, size] = [(value >> 1) & 3, value >> 3];
    isLast = (value & 1) === 1;
    if (type === 3 || size > LARGEST_BLOCK_BYTES) throw damaged();
    yield { block: Buffer.concat([header, await take(reader, type === 1 ? 1 : size)]), isLast };
  }
}

const loaded = xxhash();

async function* unpackFrame(reader: ByteReader): AsyncGenerator<Buffer, void, undefined> {
  const frame = await readHeader(reader);
  const checksum = frame.hasChecksum ? (await loaded).create64() : undefined;
  let pieces: Uint8Array[] = [];
  const unpacking = new Decompress((piece) => pieces.push(piece));
  unpacking.push(headerFor(frame));
  let [length, movedBytes] = [0, 0];
  for await (const { block, isLast } of blocksOf(reader)) {
    pieces = [];
    // In two parts: then the library lets go of the bytes before.
    unpacking.push(block.subarray(0, -1));
    unpacking.push(block.subarray(-1), isLast);
    movedBytes += frame.windowBytes;
    for (const piece of pieces) {
      checksum?.update(piece);
      length += piece.length;
      yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    }
    if (length > (frame.contentBytes ?? Infinity)) throw damaged();
    if (movedBytes > MOVED_BYTES.free + MOVED_BYTES.each * length)
      throw new TarError('unsupported zstd data: tiny blocks');
  }
  if (length !== (frame.contentBytes ?? length)) throw damaged();
  if (checksum === undefined) return;
  const sum = (await take(reader, 4)).readUInt32LE();
  if (Number(checksum.digest() & 0xffffffffn) !== sum) throw damaged();
}

/**
 * The uncompressed bytes of all frames of a zstd file.
 *
 * @throws TarError when the data is damaged or cut, or needs a dictionary or a larger window; what `bytes` throws
 */
export async function* unzstd(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const reader = new ByteReader(bytes);
  for (;;) {
    const start = await reader.read(4);
    if (start.length === 0) return;
    const magic = start.length === 4 ? start.readUInt32LE() : 0;
    if (magic >>> 4 === SKIPPABLE) await skip(reader, (await take(reader, 4)).readUInt32LE());
    else if (magic === MAGIC) yield* unpackFrame(reader);
    else throw damaged();
  }
}
