/** A plain file of an archive; it belongs to root. */
export interface TarFile {
  readonly name: string;
  readonly body: Buffer;
}

const BLOCK_BYTES = 512;

/** The two zero blocks that end an archive. */
export const TAR_TRAILER = Buffer.alloc(2 * BLOCK_BYTES);

/**
 * Writes a ustar archive without its trailer; the same bytes at every call.
 *
 * @param modifiedAt - of every file
 */
export function writeFiles(files: readonly TarFile[], modifiedAt: Date): Buffer {
  return Buffer.concat(
    files.flatMap(({ name, body }) => [header(name, body.length, modifiedAt), body, padding(body.length)]),
  );
}

/** A whole ustar archive. */
export function writeTar(files: readonly TarFile[], modifiedAt: Date): Buffer {
  return Buffer.concat([writeFiles(files, modifiedAt), TAR_TRAILER]);
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function header(name: string, size: number, modifiedAt: Date): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const seconds = Math.floor(modifiedAt.getTime() / 1000);
  block.write(name, 0, 100);
  block.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(seconds, 12), 100);
  block.write(`${' '.repeat(8)}0`, 148); // the checksum counts itself as spaces; then the type of a plain file
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(octal(sum, 7), 148);
  return block;
}
