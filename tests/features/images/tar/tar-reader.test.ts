import fc from 'fast-check';

import { readTar, TarError } from '../../../../src/features/images/tar/tar-reader';
import { gnuLong, inChunks, packEntry, packTar, pax, TRAILER, type PackEntry } from './pack-tar';
import { readAll, readOne } from './read-all';

const text = (length: number): fc.Arbitrary<string> =>
  fc.stringMatching(/^[a-zA-Z0-9._é-]+$/).filter((name) => Buffer.byteLength(name) <= length);
const ordinary: fc.Arbitrary<PackEntry> = fc.record({
  name: text(100),
  mode: fc.nat(0o7777777),
  uid: fc.nat(0o7777777),
  gid: fc.nat(0o7777777),
  mtime: fc.nat(0o77777777777),
  uname: text(31),
  gname: text(31),
  typeflag: fc.constantFrom('0', '\0', '7'),
  body: fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes)),
});
const chunkSizes = fc.array(fc.integer({ min: 1, max: 1200 }), { minLength: 1, maxLength: 8 });

test('reads back what was packed, wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ordinary, { maxLength: 5 }), chunkSizes, fc.boolean(), async (entries, sizes, closed) => {
      const tar = Buffer.concat([...entries.map(packEntry), closed ? TRAILER : Buffer.alloc(0)]);
      const read = await readAll(tar, sizes);
      expect(read.map(({ content, ...e }) => ({ ...e, name: e.name.toString(), body: content }))).toEqual(
        entries.map((entry) => ({
          ...entry,
          size: entry.body?.length,
          uname: Buffer.from(entry.uname ?? ''),
          gname: Buffer.from(entry.gname ?? ''),
          linkname: Buffer.alloc(0),
          devmajor: 0,
          devminor: 0,
          xattrs: new Map(),
        })),
      );
    }),
  );
});

test('a tar that is cut anywhere but between entries is an error', async () => {
  const first = packEntry({ name: 'a', body: Buffer.alloc(700, 'a') });
  const tar = Buffer.concat([first, packEntry({ name: 'b', body: Buffer.alloc(10, 'b') })]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: tar.length - 1 }), async (length) => {
      fc.pre(length !== first.length);
      await expect(readAll(tar.subarray(0, length))).rejects.toThrow(TarError);
    }),
  );
});

test('a flipped bit in a header is an error', async () => {
  const tar = packTar({ name: 'name', uname: 'root', mtime: 1234567 });
  await fc.assert(
    fc.asyncProperty(fc.nat(511), fc.nat(7), async (at, bit) => {
      const damaged = Buffer.from(tar);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
      // In the checksum field a flip may not change the value: a leading 0 becomes a space, and bytes after the NUL are
      // ignored.
      fc.pre(at < 148 || at >= 156);
      await expect(readAll(damaged)).rejects.toThrow(TarError);
    }),
  );
});

test('any bytes give entries or a TarError, and reading ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), async (bytes, valid) => {
      const garbage = Buffer.from(bytes);
      const tar = valid ? packTar({ name: 'h', typeflag: 'x', body: garbage }, { name: 'a' }) : garbage;
      await readAll(tar).catch((error: unknown) => {
        expect(error).toBeInstanceOf(TarError);
      });
    }),
  );
});

test.each(['', 'trailer'])('an empty tar has no entries (%s)', async (trailer) => {
  expect(await readAll(trailer ? TRAILER : Buffer.alloc(0))).toEqual([]);
});

test('reads its source to the end, past the trailer', async () => {
  let seen = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of inChunks(Buffer.concat([packTar({ name: 'a' }), Buffer.alloc(9000)]), [512])) {
      seen += chunk.length;
      yield chunk;
    }
  }
  for await (const entry of readTar(counted())) expect(entry.name.toString()).toBe('a');
  expect(seen).toBe(512 + 1024 + 9000);
});

test('entries after a lone empty block are an error, not a hiding place', async () => {
  const tar = Buffer.concat([packEntry({ name: 'a' }), Buffer.alloc(512), packEntry({ name: 'b' })]);
  await expect(readAll(tar)).rejects.toThrow(TarError);
});

test('a body may be left unread or half read', async () => {
  const body = Buffer.alloc(3000, 'x');
  const names: string[] = [];
  for await (const entry of readTar(
    inChunks(packTar({ name: 'a', body }, { name: 'b', body }, { name: 'c' }), [100]),
  )) {
    names.push(entry.name.toString());
    if (entry.name.toString() === 'b') for await (const chunk of entry.body) if (chunk.length > 0) break;
  }
  expect(names).toEqual(['a', 'b', 'c']);
});

test('a reader that stops early closes the source', async () => {
  let closed = false;
  async function* source(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield await Promise.resolve(packEntry({ name: 'a' }));
    } finally {
      closed = true;
    }
  }
  for await (const entry of readTar(source())) if (entry.size === 0) break;
  expect(closed).toBe(true);
});

describe('long names', () => {
  const long = `${'d'.repeat(150)}/${'n'.repeat(90)}`;

  test('of GNU, for the name and the link', async () => {
    const entry = await readOne(gnuLong('L', long), gnuLong('K', `/${long}`), { name: 'cut', typeflag: '2' });
    expect([entry.name.toString(), entry.linkname.toString()]).toEqual([long, `/${long}`]);
  });

  test('of PAX, with all fields that it may have', async () => {
    const entry = await readOne(
      pax({
        path: long,
        linkpath: 'té',
        uname: 'u',
        gname: 'g',
        uid: '3000000',
        gid: '4000000',
        mtime: '1399999999.75',
        'SCHILY.xattr.user.k': 'v',
        comment: 'x',
      }),
      { name: 'cut' },
    );
    expect(entry).toMatchObject({ uid: 3000000, gid: 4000000, mtime: 1399999999 });
    expect([entry.name, entry.linkname, entry.uname, entry.gname].map(String)).toEqual([long, 'té', 'u', 'g']);
    expect(entry.xattrs).toEqual(new Map([['user.k', Buffer.from('v')]]));
  });

  test('of ustar, with a prefix', async () => {
    expect(String((await readOne({ name: 'n', prefix: 'p/q' })).name)).toBe('p/q/n');
  });

  test('of GNU, whose times are not taken for a prefix', async () => {
    const magic = 'ustar  \0';
    expect(String((await readOne({ name: 'n', prefix: '12156431635\x0012156431635', magic })).name)).toBe('n');
    expect(String((await readOne({ name: 'n', prefix: 'written/by/old/go', magic })).name)).toBe('written/by/old/go/n');
  });

  test('without an entry, or beyond the limits, are errors', async () => {
    await expect(readAll(packTar(gnuLong('L', long)))).rejects.toThrow(TarError);
    await expect(readAll(packTar(gnuLong('L', 'n'.repeat(20_000)), { name: 'n' }))).rejects.toThrow('limit');
    await expect(readAll(packTar(pax({ path: 'n'.repeat(1 << 20) }), { name: 'n' }))).rejects.toThrow('limit');
    await expect(readAll(packTar(pax({ path: 'a\0b' }), { name: 'n' }))).rejects.toThrow(TarError);
  });

  test('are checked against the limit before any byte is held', async () => {
    const endless = packEntry({ name: 'n', typeflag: 'L', size: 8 ** 11 - 1 });
    await expect(readAll(endless)).rejects.toThrow('limit');
  });
});
