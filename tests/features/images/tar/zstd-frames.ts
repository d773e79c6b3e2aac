/* Frames of zstd, byte by byte: what no compressor writes. */

/** A block; `type` 0 is the bytes themselves, 1 one byte that is repeated `size` times. */
export function block(type: number, size: number, bytes: Buffer, isLast = false): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | Number(isLast), 0, 3);
  return Buffer.concat([header, bytes]);
}

/** The bytes themselves, as the last block. */
export const lastBlock = (text: string): Buffer => block(0, text.length, Buffer.from(text), true);

/** The start of a frame. `flags` as in the format; `rest` are the fields that they announce. */
export const frameStart = (flags: number, ...rest: number[]): Buffer =>
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, flags, ...rest]);

/** A frame that decoders skip. */
export function skippable(content: Buffer, digit = 0): Buffer {
  const header = Buffer.from([0x50 + digit, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}
