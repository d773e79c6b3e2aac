import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../measure/processes';
import type { Resources } from '../measure/resources';

const MEBIBYTE = 1024 * 1024;

/** A layer as it is pushed. */
export interface Layer {
  readonly bytes: Buffer;
  /** without compression */
  readonly tarBytes: number;
}

/** A tar of programs, libraries and documents of this machine, cut to a length. */
export async function fileTree(resources: Resources, mebibytes: number): Promise<Buffer> {
  const file = path.join(await resources.createDir('tree'), 'tar');
  const script = `tar -cf - -C /usr lib share 2>/dev/null | head -c ${mebibytes * MEBIBYTE} > "$0"`;
  await run({ file: 'sh', args: ['-c', script, file] });
  return readFile(file);
}

/** The bytes in gzip, as engines compress them. */
export function gzipped(tar: Buffer, level: number): Layer {
  return { bytes: gzipSync(tar, { level }), tarBytes: tar.length };
}

/** The same content after a few new bytes, so that no server has seen it: gzip files may be put together. */
export function fresh({ bytes, tarBytes }: Layer): Layer {
  const head = randomBytes(512);
  return { bytes: Buffer.concat([gzipSync(head), bytes]), tarBytes: tarBytes + head.length };
}
