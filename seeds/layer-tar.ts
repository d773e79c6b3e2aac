const BLOCK = 512;

/** A file of a demo layer. */
export interface DemoFile {
  readonly path: string;
  readonly text: string;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

/** The header of a plain file that belongs to root, in the ustar format; every call returns the same bytes. */
function header({ path, text }: DemoFile, modifiedAt: Date): Buffer {
  const block = Buffer.alloc(BLOCK);
  const seconds = Math.floor(modifiedAt.getTime() / 1000);
  block.write(path, 0);
  block.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8), 100);
  block.write(octal(Buffer.byteLength(text), 12) + octal(seconds, 12), 124);
  block.write(' '.repeat(8) + '0', 148); // the checksum counts itself as spaces
  block.write('ustar\x0000', 257);
  block.write(
    octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return block;
}

/** Packs a few small files into a layer. */
export function packLayer(files: readonly DemoFile[], modifiedAt: Date): Buffer {
  const parts = files.flatMap((file) => {
    const content = Buffer.from(file.text);
    return [header(file, modifiedAt), content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}
