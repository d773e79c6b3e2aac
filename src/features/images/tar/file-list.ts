import { AppError } from '../../../platform/errors';
import { readWithin, refusalOf, type Budget } from './budget';
import type { TarEntry } from './tar-reader';

/** `[name, type, deleted, size, mtime, mode, uid, gid]`, the row of `/files`. */
export type FileEntry = readonly [
  name: string,
  type: string,
  deleted: boolean,
  size: number,
  mtime: number,
  mode: number,
  uid: number,
  gid: number,
];

/** Limits of the list: it is held in memory, and an untrusted layer must not make it arbitrarily long. */
export interface FileListLimits {
  readonly entries: number;
  /** of all names together */
  readonly nameBytes: number;
}

export const FILE_LIST_LIMITS: FileListLimits = { entries: 500_000, nameBytes: 64 * 1024 * 1024 };

const TYPES: Readonly<Record<string, string>> = {
  '\0': 'f',
  '0': 'f',
  '1': 'l',
  '2': 's',
  '3': 'c',
  '4': 'b',
  '5': 'd',
  '6': 'i',
  '7': 't',
  S: 'S',
};
const PAX_GLOBAL = 'g';
const WHITEOUT = '.wh.';
const UNION_METADATA = '.wh..wh.';

/**
 * The files of a layer, for `GET /v1/images/ID/files` (protocol 4.9): names are absolute, a whiteout at any depth is
 * listed as its target with `deleted`, and the metadata of union file systems is left out. The layer may be compressed.
 *
 * @throws AppError `invalid` when it is not a readable archive, `too_large`; `unavailable` when it takes too long
 */
export async function listFiles(
  layer: AsyncIterable<Buffer>,
  budget: Budget,
  limits: Partial<FileListLimits> = {},
): Promise<FileEntry[]> {
  const bounds = { ...FILE_LIST_LIMITS, ...limits };
  const files: FileEntry[] = [];
  let nameBytes = 0;
  try {
    for await (const entry of readWithin(layer, budget)) {
      const file = toFile(entry);
      if (!file) continue;
      nameBytes += entry.name.length;
      if (files.push(file) > bounds.entries || nameBytes > bounds.nameBytes) {
        throw new AppError('too_large', 'Layer has too many files to list');
      }
    }
  } catch (error) {
    throw refusalOf(error);
  }
  return files;
}

/** The facts about an entry that users may see; undefined: the entry is not listed. */
export function toFile({ name, typeflag, size, mtime, mode, uid, gid }: TarEntry): FileEntry | undefined {
  const path = absolute(name.toString('utf8'));
  if (typeflag === PAX_GLOBAL || path.includes(`/${UNION_METADATA}`)) return undefined;
  const cut = path.lastIndexOf('/') + 1;
  const base = path.slice(cut);
  // A whiteout without a name would delete its own directory, so it counts as a file with an odd name.
  const isDeleted = base.startsWith(WHITEOUT) && base !== WHITEOUT;
  const shown = isDeleted ? path.slice(0, cut) + base.slice(WHITEOUT.length) : path;
  // Tars older than ustar had no type for a directory, only the slash.
  const isOldDirectory = typeflag === '\0' && name.at(-1) === 0x2f;
  return [shown, isOldDirectory ? 'd' : (TYPES[typeflag] ?? 'u'), isDeleted, size, mtime, mode, uid, gid];
}

/** `./x`, `x` and `/x/` are `/x`; `.` is `/`. */
function absolute(name: string): string {
  // Not a regular expression: that would be quadratic on a long run of slashes, and the name is untrusted.
  let end = name.length;
  while (name[end - 1] === '/') end -= 1;
  const path = name.slice(0, end).replace(/^(?:\.?\/)+/, '');
  return path === '.' ? '/' : `/${path}`;
}
