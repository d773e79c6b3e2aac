import { gzipSync } from 'node:zlib';

import { Budget, UNLIMITED } from '../../../../src/features/images/tar/budget';
import { listFiles as listWithin } from '../../../../src/features/images/tar/file-list';
import { gnuLong, inChunks, packTar, pax, type PackEntry } from './pack-tar';

const listFiles = (layer: AsyncIterable<Buffer>, limits?: Parameters<typeof listWithin>[2]) =>
  listWithin(layer, new Budget(UNLIMITED), limits);
const list = (...entries: PackEntry[]) => listFiles(inChunks(packTar(...entries)));
const names = async (...paths: string[]): Promise<[string, boolean][]> =>
  (await list(...paths.map((name) => ({ name })))).map(([name, , deleted]) => [name, deleted]);

test('a file is [name, type, deleted, size, mtime, mode, uid, gid]', async () => {
  const file = { name: './a', body: Buffer.from('abc'), mtime: 1371157430, mode: 0o100644, uid: 1, gid: 2 };
  expect(await listFiles(inChunks(gzipSync(packTar(file))))).toEqual([
    ['/a', 'f', false, 3, 1371157430, 0o100644, 1, 2],
  ]);
});

test('names are absolute', async () => {
  expect(await names('.', './', './x', 'x', 'x/y/', '/z', './.')).toEqual(
    ['/', '/', '/x', '/x', '/x/y', '/z', '/'].map((name) => [name, false]),
  );
});

test('a whiteout is listed as its target, deleted, at any depth', async () => {
  expect(await names('./.wh.a', 'd/.wh.a', 'd/e/.wh..b', 'd/a.wh.b', 'd/.wh.')).toEqual([
    ['/a', true],
    ['/d/a', true],
    ['/d/e/.b', true],
    ['/d/a.wh.b', false],
    ['/d/.wh.', false],
  ]);
});

test('the metadata of union file systems is left out, at any depth', async () => {
  expect(await names('./.wh..wh.aufs', './.wh..wh.plnk/12.34', 'd/.wh..wh..opq', 'x')).toEqual([['/x', false]]);
});

test('each type has its letter', async () => {
  const types = ['0', '\0', '1', '2', '3', '4', '5', '6', '7', 'S', 'V'];
  const files = await list(...types.map((typeflag) => ({ name: 'n', typeflag })));
  expect(files.map(([, type]) => type).join('')).toBe('fflscbditSu');
  const [old] = await list({ name: 'd/', typeflag: '\0' });
  expect(old?.slice(0, 2)).toEqual(['/d', 'd']);
});

test('headers that are not files are not listed', async () => {
  const long = 'n'.repeat(200);
  const files = await list(pax({ comment: 'c' }, 'g'), gnuLong('L', long), { name: 'n' });
  expect(files.map(([name]) => name)).toEqual([`/${long}`]);
});

test('an empty layer has no files', async () => {
  expect(await listFiles(inChunks(Buffer.alloc(0)))).toEqual([]);
});

test.each([
  ['no tar', Buffer.from('hello')],
  ['cut gzip', gzipSync(packTar({ name: 'a' })).subarray(0, 30)],
  ['cut tar', packTar({ name: 'a', body: Buffer.alloc(700) }).subarray(0, 900)],
  ['bzip2', Buffer.from('BZh9')],
])('a layer that cannot be read is refused: %s', async (_, layer) => {
  await expect(listFiles(inChunks(layer))).rejects.toMatchObject({
    name: 'AppError',
    code: 'invalid',
    message: 'Layer format not supported',
  });
});

test('a layer with too many files or too long names is too large', async () => {
  const layer = () => inChunks(packTar({ name: 'a' }, { name: 'b' }, { name: 'c' }));
  expect(await listFiles(layer(), { entries: 3, nameBytes: 3 })).toHaveLength(3);
  await expect(listFiles(layer(), { entries: 2 })).rejects.toMatchObject({ code: 'too_large' });
  await expect(listFiles(layer(), { nameBytes: 2 })).rejects.toMatchObject({ code: 'too_large' });
});

test('names have at most as many bytes as a path of Linux, in every kind of header', async () => {
  const longest = 'n'.repeat(4095);
  for (const header of [gnuLong('L', longest), pax({ path: longest })]) {
    expect((await list(header, { name: 'n' })).map(([name]) => name)).toEqual([`/${longest}`]);
  }
  for (const header of [
    gnuLong('L', 'n'.repeat(4096)),
    pax({ path: 'n'.repeat(4097) }),
    pax({ 'GNU.sparse.name': 'n'.repeat(4097) }),
    gnuLong('K', 'n'.repeat(4096)),
    pax({ linkpath: 'n'.repeat(4097) }),
  ]) {
    await expect(list(header, { name: 'n' })).rejects.toMatchObject({ code: 'invalid' });
  }
});

test('no more bytes are unpacked than the budget allows', async () => {
  const layer = () => inChunks(gzipSync(packTar({ name: 'a', body: Buffer.alloc(1_000_000) })));
  expect(await listWithin(layer(), new Budget({ unpackedBytes: 1_002_000, ms: Infinity }))).toHaveLength(1);
  await expect(listWithin(layer(), new Budget({ unpackedBytes: 1_000_000, ms: Infinity }))).rejects.toMatchObject({
    code: 'too_large',
    message: 'Layer is too large to list',
  });
  await expect(listWithin(layer(), new Budget({ unpackedBytes: Infinity, ms: -1 }))).rejects.toMatchObject({
    code: 'unavailable',
    retryAfterSeconds: 60,
  });
});
