import { differencesOf, type Tree, type TreeFile } from './file-tree';

const FILE: TreeFile = {
  type: 'file',
  mode: '644',
  uid: 1,
  gid: 2,
  mtime: '1400000000.5',
  size: 3,
  sha256: 'ab',
  target: undefined,
  device: undefined,
  xattrs: { 'user.note': '01' },
};

const treeOf = (files: Record<string, TreeFile>): Tree => new Map(Object.entries(files));
const differences = (expected: Record<string, TreeFile>, actual: Record<string, TreeFile>): string[] =>
  differencesOf(treeOf(expected), treeOf(actual));

describe('the comparison of two trees', () => {
  it('finds nothing in equal ones', () => {
    const [one, two] = [{ ...FILE }, { ...FILE }];
    expect(differences({ a: one, b: one, c: FILE }, { c: FILE, b: two, a: two })).toEqual([]);
  });

  it('finds hard links that are lost', () => {
    expect(differences({ a: FILE, b: FILE }, { a: { ...FILE }, b: { ...FILE } })).toEqual([
      'a: links a, not a = b',
      'b: links b, not a = b',
    ]);
  });

  it.each<[string, Partial<TreeFile>, string]>([
    ['a type', { type: 'fifo' }, 'type fifo, not file'],
    ['a mode', { mode: '4644' }, 'mode 4644, not 644'],
    ['an owner', { uid: 0 }, 'uid 0, not 1'],
    ['a group', { gid: 0 }, 'gid 0, not 2'],
    ['a time', { mtime: '1400000000' }, 'mtime 1400000000, not 1400000000.5'],
    ['a size', { size: 4 }, 'size 4, not 3'],
    ['contents', { sha256: 'cd' }, 'sha256 cd, not ab'],
    ['the target of a symlink', { target: 'b' }, 'target b, not undefined'],
    ['a device', { device: '1:3' }, 'device 1:3, not undefined'],
    ['an attribute', { xattrs: { 'user.note': '02' } }, 'xattr user.note 02, not 01'],
    ['a lost attribute', { xattrs: {} }, 'xattr user.note missing, not 01'],
    ['a new attribute', { xattrs: { ...FILE.xattrs, 'user.new': '00' } }, 'xattr user.new 00, not there'],
  ])('finds %s', (_what, change, line) => {
    expect(differences({ a: FILE }, { a: { ...FILE, ...change } })).toEqual([`a: ${line}`]);
  });

  it('finds files that are missing, and files that should not be there', () => {
    expect(differences({ a: FILE, 'a/b': { ...FILE } }, { a: FILE, c: { ...FILE } })).toEqual([
      'a/b: missing',
      'c: not expected',
    ]);
  });

  it('takes any time if the layers do not say it, and any root', () => {
    expect(differences({ a: { ...FILE, mtime: undefined } }, { a: FILE, '.': { ...FILE, mode: '700' } })).toEqual([]);
    expect(differences({ '.': FILE }, { '.': { ...FILE, mode: '700' } })).toEqual(['.: mode 700, not 644']);
  });
});
