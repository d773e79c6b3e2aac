/** A file of a layer. */
export interface LayerFile {
  readonly name: string;
  readonly body: Buffer;
}

const BLOCK_BYTES = 512;

/** The two zero blocks that end a tar. */
export const TAR_TRAILER = Buffer.alloc(2 * BLOCK_BYTES);

/** A tar of plain files without its trailer, in the ustar form. */
export function packFiles(files: readonly LayerFile[]): Buffer {
  return Buffer.concat(files.flatMap(({ name, body }) => [header(name, body.length), body, padding(body.length)]));
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, offset: number, length: number): void => {
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
  };
  block.write(name, 0, 100, 'latin1');
  octal(0o644, 100, 8);
  octal(0, 108, 8); // owner
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(1_400_000_000, 136, 12);
  block.write('0', 156, 'latin1'); // a plain file
  block.write('ustar\x0000', 257, 'latin1');
  octal(0, 329, 8); // device
  octal(0, 337, 8);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
