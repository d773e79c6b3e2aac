/*
 * A tree of files, exactly: everything about them that a layer can say and a file system can hold.
 */

/** A file of any type. All paths that are hard links to it share one object. */
export interface TreeFile {
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'character device' | 'block device';
  /** the bits of `chmod`, in octal */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** seconds since 1970, with their fraction; undefined: the layers do not say it */
  readonly mtime: string | undefined;
  /** bytes of a plain file */
  readonly size: number | undefined;
  /** of the bytes of a plain file */
  readonly sha256: string | undefined;
  /** where a symlink leads */
  readonly target: string | undefined;
  /** `major:minor` */
  readonly device: string | undefined;
  /** hexadecimal values by name */
  readonly xattrs: Readonly<Record<string, string>>;
}

/** Files by their paths, relative to the root, which is `.` and need not be there. */
export type Tree = ReadonlyMap<string, TreeFile>;

/** The paths of each file, by each of them: a file with more than one has hard links. */
function linksOf(tree: Tree): ReadonlyMap<string, string> {
  const paths = new Map<TreeFile, string[]>();
  for (const [path, file] of tree) paths.set(file, [...(paths.get(file) ?? []), path]);
  return new Map([...tree].map(([path, file]) => [path, (paths.get(file) ?? []).sort().join(' = ')]));
}

function fieldsOf(file: TreeFile, links: string): Record<string, string> {
  const { xattrs, ...fields } = file;
  const named = Object.entries(xattrs).map(([name, value]) => [`xattr ${name}`, value]);
  const known = Object.entries(fields).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries([...known, ...named, ['links', links]]) as Record<string, string>;
}

function differencesOfFile(path: string, expected: Record<string, string>, actual: Record<string, string>): string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
  return names
    .filter((name) => expected[name] !== actual[name] && !(name === 'mtime' && expected[name] === 'undefined'))
    .map((name) => `${path}: ${name} ${actual[name] ?? 'missing'}, not ${expected[name] ?? 'there'}`);
}

/**
 * What differs between two trees, one line for each difference. A time that the expected tree leaves open may be any.
 *
 * @returns `path: what it is, not what it should be`; empty when the trees are equal
 */
export function differencesOf(expected: Tree, actual: Tree): string[] {
  const links = { expected: linksOf(expected), actual: linksOf(actual) };
  return [...new Set([...expected.keys(), ...actual.keys()])].sort().flatMap((path) => {
    const [wanted, found] = [expected.get(path), actual.get(path)];
    if (found === undefined) return [`${path}: missing`];
    // Every folder has a root, but not every layer says what it is.
    if (wanted === undefined) return path === '.' ? [] : [`${path}: not expected`];
    return differencesOfFile(
      path,
      fieldsOf(wanted, links.expected.get(path) ?? ''),
      fieldsOf(found, links.actual.get(path) ?? ''),
    );
  });
}
