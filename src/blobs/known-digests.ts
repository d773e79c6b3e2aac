import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Turn } from './write-turns';

/*
 * The file `digest-<n>` next to `bytes-<n>` has the sha256 of the bytes up to an offset. It lets any process commit a write
 * without reading its bytes once more. It is written after they were synced, so it also says that they are durable.
 */

const CONTENT = /^(\d{1,15}) ([0-9a-f]{64})\n$/;

function fileOf({ file, number }: Turn): string {
  return path.join(path.dirname(file), `digest-${number}`);
}

/** Remembers the digest of synced bytes. It may be lost: then the bytes are read at the commit. */
export async function rememberDigest(turn: Turn, offset: number, sha256Hex: string): Promise<void> {
  await writeFile(fileOf(turn), `${offset} ${sha256Hex}\n`).catch(() => undefined);
}

/** The sha256 of the bytes up to an offset; undefined when it is not known. */
export async function recallDigest(turn: Turn, offset: number): Promise<string | undefined> {
  const content = await readFile(fileOf(turn), 'latin1').catch(() => '');
  const [, at, sha256Hex] = CONTENT.exec(content) ?? [];
  return Number(at) === offset ? sha256Hex : undefined;
}
