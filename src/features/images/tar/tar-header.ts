import { TarError } from './tar-error';
import { cString, parseNumber } from './tar-numbers';

/**
 * The fields of one header block, raw. Names are bytes because a tar has no character set and tarsum hashes the bytes.
 *
 *   0 name 100 · 100 mode 8 · 108 uid 8 · 116 gid 8 · 124 size 12 · 136 mtime 12 · 148 checksum 8 · 156 typeflag 1
 *   157 linkname 100 · 257 magic 8 · 265 uname 32 · 297 gname 32 · 329 devmajor 8 · 337 devminor 8
 *   345 prefix 155 (ustar) or 131 (star)   |   345 atime 12 · 357 ctime 12 · 482 isextended 1 · 483 realsize 12 (GNU)
 */
export interface TarHeader {
  readonly name: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Unix seconds. */
  readonly mtime: number;
  /** The raw character; a NUL stays a NUL. */
  readonly typeflag: string;
  readonly linkname: Buffer;
  readonly uname: Buffer;
  readonly gname: Buffer;
  /** Zero unless the entry is a device. */
  readonly devmajor: number;
  readonly devminor: number;
}

export interface RawHeader extends TarHeader {
  /** Of an old GNU sparse file: its unpacked size, and whether further blocks of its map follow the header. */
  readonly gnuSparse?: { readonly realSize: number; readonly isExtended: boolean };
}

type TarFormat = 'v7' | 'ustar' | 'star' | 'gnu';

export const BLOCK_BYTES = 512;

/** Reads one header block; throws a TarError when its checksum or a number in it is wrong. */
export function parseHeader(block: Buffer): RawHeader {
  verifyChecksum(block);
  const format = formatOf(block);
  const typeflag = String.fromCharCode(block[156] ?? 0);
  const isDevice = typeflag === '3' || typeflag === '4';
  const hasOwners = format !== 'v7';
  const size = parseNumber(field(block, 124, 12));
  if (size < 0) throw new TarError('a tar entry has a negative size');
  const isSparse = typeflag === 'S' && format === 'gnu';
  return {
    ...(isSparse && { gnuSparse: { realSize: parseNumber(field(block, 483, 12)), isExtended: block[482] !== 0 } }),
    name: join(prefixOf(block, format), cString(field(block, 0, 100))),
    mode: parseNumber(field(block, 100, 8)),
    uid: parseNumber(field(block, 108, 8)),
    gid: parseNumber(field(block, 116, 8)),
    size,
    mtime: parseNumber(field(block, 136, 12)),
    typeflag,
    linkname: cString(field(block, 157, 100)),
    uname: hasOwners ? cString(field(block, 265, 32)) : Buffer.alloc(0),
    gname: hasOwners ? cString(field(block, 297, 32)) : Buffer.alloc(0),
    devmajor: hasOwners && isDevice ? parseNumber(field(block, 329, 8)) : 0,
    devminor: hasOwners && isDevice ? parseNumber(field(block, 337, 8)) : 0,
  };
}

/** Whether nothing but NULs is in these bytes: two such blocks end an archive. */
export function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function field(block: Buffer, offset: number, length: number): Buffer {
  return block.subarray(offset, offset + length);
}

function formatOf(block: Buffer): TarFormat {
  const magic = field(block, 257, 6).toString('latin1');
  if (magic === 'ustar ') return 'gnu';
  if (magic !== 'ustar\0') return 'v7';
  return field(block, 508, 4).toString('latin1') === 'tar\0' ? 'star' : 'ustar';
}

function prefixOf(block: Buffer, format: TarFormat): Buffer {
  switch (format) {
    case 'v7':
      return Buffer.alloc(0);
    case 'star':
      return cString(field(block, 345, 131));
    case 'ustar':
      return cString(field(block, 345, 155));
    case 'gnu':
      // GNU has its times here, and no prefix. But Go before 1.8, and so every engine of the v1 years, wrote a prefix
      // under GNU's magic if a number needed base-256. A value that is not a time is such a prefix.
      return isNumber(field(block, 345, 12)) && isNumber(field(block, 357, 12))
        ? Buffer.alloc(0)
        : cString(field(block, 345, 155));
  }
}

function isNumber(bytes: Buffer): boolean {
  try {
    parseNumber(bytes);
    return true;
  } catch {
    return false;
  }
}

function join(prefix: Buffer, name: Buffer): Buffer {
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

/** The sum of all bytes with the checksum field as spaces; some old tars added signed bytes, which is accepted too. */
function verifyChecksum(block: Buffer): void {
  let unsigned = 8 * 0x20;
  let signed = unsigned;
  block.forEach((byte, index) => {
    if (index >= 148 && index < 156) return;
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  });
  const stated = parseNumber(field(block, 148, 8));
  if (stated !== unsigned && stated !== signed) throw new TarError('a tar header has a wrong checksum');
}
