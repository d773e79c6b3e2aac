import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Turn } from './write-turns';

/*
 * The file `digest-<n>` next to `bytes-<n>` has the sha256 of the bytes up to an offset. It lets any process commit a write
 * without reading its bytes once more. A power failure may take bytes that were not synced, and leave their digest. So
 * theirs also says between which two starts of the machine it is true.
 */

const CONTENT = /^(\d{1,15}) ([0-9a-f]{64})(?: (\S{1,64}))?\n$/;

/** Linux has a new id after each start; elsewhere there is none. */
function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return undefined;
  }
}

const BOOT_ID = readBootId();

function fileOf({ file, number }: Turn): string {
  return path.join(path.dirname(file), `digest-${number}`);
}

/**
 * Remembers the digest of bytes. It may be lost: then the bytes are read at the commit.
 *
 * @param at.offset - where the bytes end
 * @param at.isSynced - they survive a power failure
 */
export async function rememberDigest(
  turn: Turn,
  { offset, isSynced }: { readonly offset: number; readonly isSynced: boolean },
  sha256Hex: string,
): Promise<void> {
  if (!isSynced && BOOT_ID === undefined) return;
  const text = [offset, sha256Hex, ...(isSynced ? [] : [BOOT_ID])].join(' ');
  await writeFile(fileOf(turn), `${text}\n`).catch(() => undefined);
}

/** The sha256 of the bytes up to an offset; undefined when it is not known. */
export async function recallDigest(turn: Turn, offset: number): Promise<string | undefined> {
  const content = await readFile(fileOf(turn), 'latin1').catch(() => '');
  const [, at, sha256Hex, bootId] = CONTENT.exec(content) ?? [];
  return Number(at) === offset && (bootId ?? BOOT_ID) === BOOT_ID ? sha256Hex : undefined;
}
