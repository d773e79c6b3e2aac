import fc from 'fast-check';
import { compareLayers, LowerLayers } from '../../../../src/features/images/tar/compare-layers';
import type { FileEntry } from '../../../../src/features/images/tar/file-list';
import { PathTrie } from '../../../../src/features/images/tar/path-trie';

const file = (name: string, isDeleted = false): FileEntry => [name, 'f', isDeleted, 0, 0, 0, 0, 0];

/** The changes of a layer by definition: each name is compared with each name that a layer above deletes. */
function expected([top = [], ...below]: readonly FileEntry[][]): Record<'deleted' | 'changed' | 'created', string[]> {
  const names = new Set<string>();
  const hidden: string[] = [];
  for (const layer of below) {
    for (const [name, , isDeleted] of layer) {
      const isHidden = hidden.some((path) => name === path || name.startsWith(`${path}/`));
      if (!isDeleted && !isHidden) names.add(name);
    }
    hidden.push(...layer.filter(([, , isDeleted]) => isDeleted).map(([name]) => name));
  }
  const part = (isDeleted: boolean, isThere?: boolean): string[] => [
    ...new Set(
      top
        .filter(([name, , gone]) => gone === isDeleted && (isThere === undefined || names.has(name) === isThere))
        .map(([name]) => name),
    ),
  ];
  return { deleted: part(true), changed: part(false, true), created: part(false, false) };
}

const name = fc
  .array(fc.constantFrom('a', 'b', 'ab', '', '.', '__proto__'), { minLength: 1, maxLength: 4 })
  .map((parts) => `/${parts.join('/')}`)
  .filter((path) => path === '/' || !path.endsWith('/'));
const layers = fc.array(
  fc.array(
    fc.tuple(name, fc.boolean()).map(([path, isDeleted]) => file(path, isDeleted && path !== '/')),
    { maxLength: 8 },
  ),
  { minLength: 1, maxLength: 4 },
);

test('a layer deletes, changes and creates the files that the definition says, for any names', () => {
  fc.assert(
    fc.property(layers, (chain) => {
      const lower = new LowerLayers();
      for (const layer of chain.slice(1)) lower.add(layer);
      const found = compareLayers(chain[0] ?? [], lower);
      const namesOf = (part: object): string[] => Object.keys(part);
      expect({
        deleted: namesOf(found.deleted),
        changed: namesOf(found.changed),
        created: namesOf(found.created),
      }).toEqual(expected(chain));
    }),
    { numRuns: 500 },
  );
});

test('a path is walked only as far as added paths go', () => {
  const trie = new PathTrie();
  trie.add('/a/b');
  expect(['/a/b', '/a/b/c', '/a', '/a/bc', '/', '/b'].map((path) => trie.covers(path))).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(trie.size).toBe(2);
});

test('layers that delete more paths than may be held in memory are too large', () => {
  const lower = new LowerLayers();
  const deep = (at: number): FileEntry => file(`/${at}${'/a'.repeat(2000)}`, true);
  expect(() => lower.add(Array.from({ length: 501 }, (_, at) => deep(at)))).toThrow(
    expect.objectContaining({ code: 'too_large', message: 'Layer has too many files to list' }) as Error,
  );
});
