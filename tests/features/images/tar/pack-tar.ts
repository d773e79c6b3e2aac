/** A tar entry to be packed; missing fields are those of an ordinary small file. */
export interface PackEntry {
  name: string | Buffer;
  mode?: number;
  uid?: number;
  gid?: number;
  /** The size in the header; the length of the body unless given. */
  size?: number;
  mtime?: number;
  typeflag?: string;
  linkname?: string;
  uname?: string;
  gname?: string;
  devmajor?: number;
  devminor?: number;
  prefix?: string;
  magic?: string;
  body?: Buffer;
  /** Writes more into the finished block, before the checksum is computed. */
  patch?: (block: Buffer) => void;
}

export const TRAILER = Buffer.alloc(1024);

/** One entry as bytes: header, body, padding. */
export function packEntry(entry: PackEntry): Buffer {
  const body = entry.body ?? Buffer.alloc(0);
  const block = Buffer.alloc(512);
  const text = (value: string | Buffer, offset: number, length: number): void => {
    Buffer.from(value as string, 'utf8').copy(block, offset, 0, length);
  };
  const octal = (value: number, offset: number, length: number): void => {
    text(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, length);
  };
  text(entry.name, 0, 100);
  octal(entry.mode ?? 0o644, 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(entry.size ?? body.length, 124, 12);
  octal(entry.mtime ?? 0, 136, 12);
  text(entry.typeflag ?? '0', 156, 1);
  text(entry.linkname ?? '', 157, 100);
  text(entry.magic ?? 'ustar\x0000', 257, 8);
  text(entry.uname ?? '', 265, 32);
  text(entry.gname ?? '', 297, 32);
  octal(entry.devmajor ?? 0, 329, 8);
  octal(entry.devminor ?? 0, 337, 8);
  text(entry.prefix ?? '', 345, 155);
  entry.patch?.(block);
  block.fill(' ', 148, 156);
  text(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    8,
  );
  return Buffer.concat([block, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

/** A whole tar with its trailer. */
export function packTar(...entries: PackEntry[]): Buffer {
  return Buffer.concat([...entries.map(packEntry), TRAILER]);
}

/** A PAX header with these records, to be put before the entry that it is about. */
export function pax(records: Record<string, string>, typeflag = 'x'): PackEntry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest;
    while (length !== rest + String(length).length) length = rest + String(length).length;
    return `${length} ${key}=${value}\n`;
  });
  return { name: 'pax', typeflag, body: Buffer.from(lines.join('')) };
}

/** GNU's way to give the next entry a long name (`L`) or a long link target (`K`). */
export function gnuLong(typeflag: 'L' | 'K', name: string): PackEntry {
  return { name: '././@LongLink', typeflag, magic: 'ustar  \0', body: Buffer.from(`${name}\0`) };
}

/** The bytes as a stream, cut after each of these sizes in turn. */
export async function* inChunks(bytes: Buffer, sizes: readonly number[] = [bytes.length]): AsyncGenerator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = Math.max(1, sizes[i % sizes.length] ?? bytes.length);
    yield await Promise.resolve(bytes.subarray(at, at + size));
    at += size;
  }
}

/** All bytes of a stream. */
export async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
