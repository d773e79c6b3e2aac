import { BudgetSpent, readWithin, refusalOf, type Budget } from './budget';
import { toFile } from './file-list';
import type { TarEntry } from './tar-reader';

/*
 * One directory of a layer. Only its direct entries are held in memory, and only a limited number, because layers are
 * untrusted.
 */

/** The kinds of entries in a layer. */
export type EntryKind = 'directory' | 'file' | 'symlink' | 'hardlink' | 'device' | 'pipe' | 'other';

/** An entry of a directory in a layer. */
export interface LayerEntry {
  /** without the directory */
  readonly name: string;
  /** from the root */
  readonly path: string;
  readonly kind: EntryKind;
  readonly sizeBytes: number;
  /** the bits of `chmod` */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** names from the machine that created the layer; mostly empty */
  readonly owner: string;
  readonly group: string;
  /** undefined: the layer does not say */
  readonly modifiedAt: Date | undefined;
  /** the target of a link, as it is written there */
  readonly linkTarget: string | undefined;
  /** the layer deletes it from the layers below; nothing else is known about it */
  readonly isDeleted: boolean;
}

const KINDS: Readonly<Record<string, EntryKind>> = {
  f: 'file',
  t: 'file',
  S: 'file',
  d: 'directory',
  s: 'symlink',
  l: 'hardlink',
  c: 'device',
  b: 'device',
  i: 'pipe',
};

const LINK_CHARACTERS = 4096;
const LATEST_SECONDS = 8_640_000_000_000;
const CHMOD_BITS = 0o7777;

function momentOf(seconds: number): Date | undefined {
  return seconds !== 0 && Math.abs(seconds) <= LATEST_SECONDS ? new Date(seconds * 1000) : undefined;
}

/** A directory that has entries in this layer but is not an entry itself: it is in a layer below. */
function implied(name: string, path: string): LayerEntry {
  return {
    name,
    path,
    kind: 'directory',
    sizeBytes: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    owner: '',
    group: '',
    modifiedAt: undefined,
    linkTarget: undefined,
    isDeleted: false,
  };
}

/** Collects the direct entries of one directory while the entries of a layer are read. */
export class Directory {
  private readonly entries = new Map<string, LayerEntry>();
  private readonly prefix: string;
  private bytes = 0;

  /**
   * @param path - absolute, without a slash at its end unless it is the root
   * @param limits - how much may be held in memory
   */
  constructor(
    path: string,
    private readonly limits: { readonly entries: number; readonly bytes: number },
  ) {
    this.prefix = path === '/' ? '/' : `${path}/`;
  }

  /** @returns false when the limits are exceeded */
  add(entry: TarEntry): boolean {
    const file = toFile(entry);
    const path = file?.[0] ?? '';
    if (file === undefined || !path.startsWith(this.prefix) || path.length === this.prefix.length) return true;
    const end = path.indexOf('/', this.prefix.length);
    const own = end === -1 ? path : path.slice(0, end);
    const name = own.slice(this.prefix.length);
    const known = this.entries.get(name);
    // Between two slashes in a row there is no name.
    if (name === '' || (end !== -1 && known?.kind === 'directory')) return true;
    // A file that a layer both deletes and has is there.
    if (known?.isDeleted === false && file[2] && end === -1) return true;
    const found = end === -1 ? shown(entry, file[1], { name, path, isDeleted: file[2] }) : implied(name, own);
    if (known === undefined) this.bytes += 2 * own.length + (found.linkTarget?.length ?? 0);
    this.entries.set(name, found);
    return this.entries.size <= this.limits.entries && this.bytes <= this.limits.bytes;
  }

  /** Directories first, then by name. */
  sorted(): LayerEntry[] {
    const rank = ({ kind }: LayerEntry): number => (kind === 'directory' ? 0 : 1);
    return [...this.entries.values()].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  }
}

function shown(
  { size, mode, uid, gid, uname, gname, mtime, linkname }: TarEntry,
  type: string,
  { name, path, isDeleted }: Pick<LayerEntry, 'name' | 'path' | 'isDeleted'>,
): LayerEntry {
  const kind = KINDS[type] ?? 'other';
  return {
    name,
    path,
    kind: isDeleted ? 'other' : kind,
    sizeBytes: isDeleted ? 0 : size,
    mode: mode & CHMOD_BITS,
    uid,
    gid,
    owner: uname.toString('utf8'),
    group: gname.toString('utf8'),
    modifiedAt: momentOf(mtime),
    linkTarget:
      kind === 'symlink' || kind === 'hardlink' ? linkname.toString('utf8').slice(0, LINK_CHARACTERS) : undefined,
    isDeleted,
  };
}

/** The entries of a layer in one directory. */
export interface DirectoryListing {
  readonly entries: readonly LayerEntry[];
  /** the layer has more entries than we read */
  readonly isCut: boolean;
}

/** The most entries that are read of a layer, and what is held of them in memory. */
const ENTRIES_READ = 500_000;
const HELD = { entries: 100_000, bytes: 16 * 1024 * 1024 };

/**
 * The entries of a layer in one directory, as far as the budget goes.
 *
 * @param path - absolute, without a slash at its end unless it is the root
 * @throws AppError `invalid` when the layer is not a readable archive
 */
export async function listDirectory(
  layer: AsyncIterable<Buffer>,
  budget: Budget,
  path: string,
): Promise<DirectoryListing> {
  const directory = new Directory(path, HELD);
  let read = 0;
  try {
    for await (const entry of readWithin(layer, budget)) {
      read += 1;
      if (!directory.add(entry) || read === ENTRIES_READ) return { entries: directory.sorted(), isCut: true };
    }
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw refusalOf(error);
    return { entries: directory.sorted(), isCut: true };
  }
  return { entries: directory.sorted(), isCut: false };
}
