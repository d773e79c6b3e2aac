import { gnuLong, packEntry, packTar, pax, type PackEntry } from '../../features/images/tar/pack-tar';
import { differencesOf } from './file-tree';
import { treeOfLayers } from './layers';

const directory = (name: string, mtime = 1): PackEntry => ({ name: `${name}/`, typeflag: '5', mode: 0o755, mtime });
const file = (name: string, text = name): PackEntry => ({ name, body: Buffer.from(text), mtime: 1 });
const hardLink = (name: string, linkname: string): PackEntry => ({ name, typeflag: '1', linkname });

const treeOf = (...layers: readonly PackEntry[][]) => treeOfLayers(layers.map((entries) => packTar(...entries)));
const pathsOf = (...layers: readonly PackEntry[][]): string[] => [...treeOf(...layers).keys()].sort();

describe('layers, one on the other', () => {
  it('delete files and directories of earlier ones', () => {
    const base = [directory('a'), file('a/one'), directory('a/two'), file('a/two/three'), file('ab')];
    expect(pathsOf(base, [file('a/.wh.one'), file('a/.wh.two')])).toEqual(['a', 'ab']);
    expect(pathsOf(base, [file('.wh.a')])).toEqual(['ab']);
  });

  it('empty a directory of all but their own files', () => {
    const base = [directory('a'), file('a/one'), directory('a/two'), file('a/two/three'), file('b')];
    const layer = [directory('a'), file('a/new'), file('a/.wh..wh..opq'), directory('a/two'), file('a/two/later')];
    expect(pathsOf(base, layer)).toEqual(['a', 'a/new', 'a/two', 'a/two/later', 'b']);
  });

  it('delete nothing of their own', () => {
    expect(pathsOf([file('a')], [file('a'), file('.wh.a')])).toEqual(['a']);
  });

  it('may have metadata of union file systems, which are not files', () => {
    expect(pathsOf([directory('.wh..wh.plnk'), file('.wh..wh.aufs'), file('a')])).toEqual(['a']);
  });

  it('replace files, and directories by files with all that is in them', () => {
    const tree = treeOf([directory('a'), file('a/one'), file('b')], [file('a'), directory('b'), file('b/one')]);
    expect([...tree].map(([path, { type }]) => `${path} ${type}`).sort()).toEqual([
      'a file',
      'b directory',
      'b/one file',
    ]);
  });

  it('change a directory and keep what is in it', () => {
    const tree = treeOf([directory('a'), file('a/one')], [{ ...directory('a', 7), mode: 0o700, uid: 5 }]);
    expect(tree.get('a')).toMatchObject({ mode: '700', uid: 5, mtime: '7' });
    expect(tree.has('a/one')).toBe(true);
  });

  it('leave the time of a directory open when they change what is in it and do not describe it', () => {
    const base = [directory('a'), file('a/one')];
    expect(treeOf(base).get('a')?.mtime).toBe('1');
    expect(treeOf(base, [file('a/two')]).get('a')?.mtime).toBeUndefined();
    expect(treeOf(base, [file('a/.wh.one')]).get('a')?.mtime).toBeUndefined();
    expect(treeOf(base, [file('a/two'), directory('a', 3)]).get('a')?.mtime).toBe('3');
  });

  it('keep hard links together, also when one of the names is deleted or replaced', () => {
    const base = [file('a'), hardLink('b', 'a'), hardLink('c', './b')];
    const linked = treeOf(base);
    expect(linked.get('a')).toBe(linked.get('c'));
    expect(differencesOf(linked, treeOf([file('a'), file('b', 'a'), hardLink('c', 'b')]))).toEqual([
      'a: links a, not a = b = c',
      'b: links b = c, not a = b = c',
      'c: links b = c, not a = b = c',
    ]);
    const later = treeOf(base, [file('.wh.a'), file('b', 'new')]);
    expect([later.get('a'), later.get('b') === later.get('c')]).toEqual([undefined, false]);
    expect(later.get('c')).toEqual(linked.get('a'));
  });

  it('must describe all directories, and link only to what is there', () => {
    expect(() => treeOf([file('a/one')])).toThrow('a/one is in no directory');
    expect(() => treeOf([hardLink('a', 'b')])).toThrow('there is no b to link to');
  });
});

describe('an archive', () => {
  it('may have long names by both extensions, and no trailer', () => {
    const [name, target] = ['n'.repeat(150), 't'.repeat(150)];
    const symlink: PackEntry = { name: 'link', typeflag: '2', linkname: 'short' };
    const gnu = [gnuLong('L', name), file('short'), gnuLong('K', target), symlink];
    const byPax = [pax({ path: name }), file('short'), pax({ linkpath: target }), symlink];
    for (const entries of [gnu, byPax]) {
      const tree = treeOfLayers([Buffer.concat(entries.map(packEntry))]);
      expect([...tree.keys()]).toEqual([name, 'link']);
      expect(tree.get('link')?.target).toBe(target);
    }
  });

  it('has times with fractions, attributes, devices and names that are not UTF-8', () => {
    const tree = treeOf([
      pax({ mtime: '1400000000.1230', 'SCHILY.xattr.user.note': 'x' }),
      file('a'),
      { name: 'null', typeflag: '3', devmajor: 1, devminor: 3 },
      { name: Buffer.from([0xe9]) },
    ]);
    expect(tree.get('a')).toMatchObject({ mtime: '1400000000.123', xattrs: { 'user.note': '78' } });
    expect(tree.get('null')).toMatchObject({ type: 'character device', device: '1:3' });
    expect([...tree.keys()]).toEqual(['a', 'null', '%233']);
  });

  it('of an unknown type is refused', () => {
    expect(() => treeOf([{ name: 'a', typeflag: 'S' }])).toThrow('an entry of the type S');
  });
});
