import { TarError } from '../../../../src/features/images/tar/tar-reader';
import { packEntry, packTar, pax } from './pack-tar';
import { readAll, readOne } from './read-all';

describe('numbers', () => {
  const base256 = (offset: number, bytes: string) => (block: Buffer) => {
    Buffer.from(bytes, 'hex').copy(block, offset);
  };

  test.each([
    ['large', '800000000000000200000000', 2 ** 33],
    ['negative', 'ffffffffffffffffffffffff', -1],
    ['octal in spaces', Buffer.from('      644 \0\0').toString('hex'), 0o644],
    ['octal after NULs', Buffer.from('\0\0\0\x00644\0junk').toString('hex'), 0o644],
    ['nothing', Buffer.from('        \0\0\0\0').toString('hex'), 0],
  ])('%s', async (_, bytes, mtime) => {
    expect(await readOne({ name: 'n', patch: base256(136, bytes) })).toMatchObject({ mtime });
  });

  test.each([
    ['beyond the safe integers', '80ffffffffffffffffffffff'],
    ['not octal', Buffer.from('00000000089\0').toString('hex')],
    ['a negative size', 'ffffffffffffffffffffffff'],
  ])('%s is an error', async (_, bytes) => {
    await expect(readOne({ name: 'n', patch: base256(124, bytes) })).rejects.toThrow(TarError);
  });

  test('a PAX time before 1970 is rounded down', async () => {
    expect((await readOne(pax({ mtime: '-1.5' }), { name: 'n' })).mtime).toBe(-2);
  });

  test('device numbers count for devices only', async () => {
    const numbers = { devmajor: 8, devminor: 1 };
    expect(await readOne({ name: 'n', typeflag: '4', ...numbers })).toMatchObject(numbers);
    expect(await readOne({ name: 'n', ...numbers })).toMatchObject({ devmajor: 0, devminor: 0 });
  });

  test('a checksum of signed bytes is accepted too', async () => {
    const tar = packTar({ name: 'é' });
    const sum = Number.parseInt(tar.toString('latin1', 148, 154), 8) - 2 * 256;
    tar.write(sum.toString(8).padStart(6, '0'), 148);
    expect((await readAll(tar)).map(({ name }) => name.toString())).toEqual(['é']);
  });
});

describe('odd entries', () => {
  const next = { name: 'next' };

  test('an old GNU sparse file has its unpacked size, and its further maps do not belong to its body', async () => {
    const map = Buffer.alloc(512);
    const patch = (block: Buffer): void => {
      block.writeUInt8(1, 482);
      block.write('00000100000', 483);
    };
    const header = packEntry({ name: 's', typeflag: 'S', magic: 'ustar  \0', size: 4, patch });
    const tar = Buffer.concat([header, map, Buffer.from('data'), Buffer.alloc(508), packTar(next)]);
    expect(await readAll(tar)).toMatchObject([
      { size: 0o100000, content: Buffer.from('data') },
      { name: Buffer.from('next') },
    ]);
  });

  test('a sparse file that Go unpacked has the size of its header', async () => {
    const entry = await readOne({ name: 's', typeflag: 'S', magic: 'ustar  \0', body: Buffer.from('data') });
    expect(entry).toMatchObject({ typeflag: 'S', size: 4, content: Buffer.from('data') });
  });

  test.each(['size', 'GNU.sparse.realsize'])('a negative %s in PAX is an error', async (key) => {
    await expect(readOne(pax({ [key]: '-1' }), next)).rejects.toThrow(TarError);
  });

  test('a PAX sparse file has its own name and size', async () => {
    const records = { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'real', 'GNU.sparse.realsize': '99999' };
    const entry = await readOne(pax(records), { name: 'GNUSparseFile.0/real', body: Buffer.from('map') });
    expect(entry).toMatchObject({ name: Buffer.from('real'), size: 99999, content: Buffer.from('map') });
  });

  test('a link or directory has no body, whatever its size says', async () => {
    const tar = packTar({ name: 'l', typeflag: '1', size: 700 }, { name: 'd/', typeflag: '5', size: 700 }, next);
    expect((await readAll(tar)).map(({ size }) => size)).toEqual([700, 700, 0]);
  });

  test('a PAX global header is an entry and does not change the others', async () => {
    expect(await readAll(packTar(pax({ path: 'global' }, 'g'), next))).toMatchObject([
      { typeflag: 'g' },
      { name: Buffer.from('next'), typeflag: '0' },
    ]);
  });

  test.each(['7 path=a\n', '99 path=abc\n', '-1 path=a\n', 'x', ' ', '4 =a\n', '8 patha\n'])(
    'a malformed PAX record is an error: %j',
    async (record) => {
      const header = { name: 'pax', typeflag: 'x', body: Buffer.from(record) };
      await expect(readAll(packTar(header, next))).rejects.toThrow(TarError);
    },
  );

  test('a name that is not UTF-8 is returned as its bytes', async () => {
    const name = Buffer.from([0x66, 0xff, 0xfe]);
    expect((await readOne({ name })).name).toEqual(name);
  });
});
