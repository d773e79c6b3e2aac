import { gzipSync } from 'node:zlib';
import type { Actor, RepositoryName } from '../../../src/features/access/actor';
import { inChunks, packTar, type PackEntry } from './tar/pack-tar';
import { Directory } from '../../../src/features/images/tar/directory';
import { readTar } from '../../../src/features/images/tar/tar-reader';
import { actorOf, ANYBODY, asking } from '../../helpers/actors';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { browseImageFiles } from '../../helpers/by-name';

let server: TestServer;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  [alice, bob] = [await actorOf(server, 'alice'), await actorOf(server, 'bobby')];
});
afterAll(() => server.close());

const nameOf = (name: string): RepositoryName => ({ namespace: 'alice', name });
const layerOf = (...entries: PackEntry[]) => gzipSync(packTar(...entries));

const IMAGE = createImage({
  layer: layerOf(
    { name: 'etc/', typeflag: '5', mode: 0o755, mtime: 1400000000, uname: 'root', gname: 'wheel' },
    { name: 'etc/motd', mode: 0o100644, uid: 7, gid: 8, mtime: 1400000000, body: Buffer.from('hello') },
    { name: 'etc/.wh.passwd' },
    { name: 'usr/lib/deep/file' },
    { name: 'usr/bin', typeflag: '2', linkname: '../bin' },
    { name: 'hard', typeflag: '1', linkname: 'etc/motd' },
    { name: 'null', typeflag: '3' },
    { name: '__proto__' },
  ),
});

describe('the files of a layer', () => {
  beforeAll(() => pushImages(server, 'alice/app', [IMAGE]));
  const read = (directory: string, part: { limit?: number; offset?: number; text?: string } = {}) =>
    browseImageFiles(
      server.ctx,
      ANYBODY,
      nameOf('app'),
      IMAGE.id,
      { directory, limit: 100, offset: 0, ...part },
      asking(ANYBODY).signal,
    );

  it('are those of one directory, directories first, including directories of which the layer only has contents', async () => {
    const { entries, ...page } = await read('/');
    expect(page).toEqual({ directory: '/', total: 5, isCut: false });
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
      ['etc', 'directory'],
      ['usr', 'directory'],
      ['__proto__', 'file'],
      ['hard', 'hardlink'],
      ['null', 'device'],
    ]);
    expect(entries[0]).toMatchObject({ path: '/etc', mode: 0o755, owner: 'root', group: 'wheel' });
    expect(entries[3]).toMatchObject({ linkTarget: 'etc/motd' });
  });

  it('have size, mode, owner and time; files that the layer deletes are marked', async () => {
    const { entries } = await read('etc//./');
    expect(entries).toEqual([
      {
        name: 'motd',
        path: '/etc/motd',
        kind: 'file',
        sizeBytes: 5,
        mode: 0o644,
        uid: 7,
        gid: 8,
        owner: '',
        group: '',
        modifiedAt: new Date(1400000000_000),
        linkTarget: undefined,
        isDeleted: false,
      },
      expect.objectContaining({ name: 'passwd', path: '/etc/passwd', isDeleted: true, modifiedAt: undefined }),
    ]);
    expect((await read('/usr')).entries).toMatchObject([
      { name: 'lib', kind: 'directory' },
      { name: 'bin', kind: 'symlink', linkTarget: '../bin' },
    ]);
  });

  it('are found by a part of the name, and read page by page', async () => {
    expect(await read('/', { text: 'u' })).toMatchObject({ total: 2, entries: [{ name: 'usr' }, { name: 'null' }] });
    expect(await read('/', { limit: 2, offset: 3 })).toMatchObject({
      total: 5,
      entries: [{ name: 'hard' }, { name: 'null' }],
    });
  });

  it('are none where the layer has no files', async () => {
    for (const directory of ['/et', '/etc/motd', '/..', '/nowhere', '\0']) {
      expect(await read(directory)).toMatchObject({ total: 0, entries: [], isCut: false });
    }
  });
});

it('a file that a layer both deletes and has is listed', async () => {
  const directory = new Directory('/', { entries: 10, bytes: 1000 });
  for (const names of [
    ['a', '.wh.a'],
    ['.wh.b', 'b'],
    ['.wh.c', 'c/x'],
    ['d/x', '.wh.d'],
  ]) {
    for await (const entry of readTar(inChunks(packTar(...names.map((name) => ({ name })))))) directory.add(entry);
  }
  expect(directory.sorted().map(({ name, kind, isDeleted }) => [name, kind, isDeleted])).toEqual([
    ['c', 'directory', false],
    ['d', 'directory', false],
    ['a', 'file', false],
    ['b', 'file', false],
  ]);
});

it('no more entries are held than the limits allow', async () => {
  const names = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
  for (const limits of [
    { entries: 2, bytes: 1000 },
    { entries: 10, bytes: 9 },
  ]) {
    const directory = new Directory('/', limits);
    const room: boolean[] = [];
    for await (const entry of readTar(inChunks(packTar(...names)))) room.push(directory.add(entry));
    expect(room.slice(0, 3)).toEqual([true, true, false]);
  }
});

it('a layer that is not an archive is refused', async () => {
  const image = createImage({ layer: Buffer.from('no tar at all') });
  await pushImages(server, 'alice/odd', [image]);
  const wanted = { directory: '/', limit: 10, offset: 0 };
  const read = browseImageFiles(server.ctx, alice, nameOf('odd'), image.id, wanted, asking(alice).signal);
  await expect(read).rejects.toMatchObject({ code: 'invalid' });
});

it('an id alone gives no access: the repository must have it, and the actor must be allowed to read the repository', async () => {
  const secret = createImage({ layer: layerOf({ name: 'key' }) });
  await pushPrivate(server, 'alice/secret', [secret]);
  await pushImages(server, 'alice/plain', [createImage()]);
  const read = (actor: Actor, repository: string, id = secret.id) =>
    browseImageFiles(
      server.ctx,
      actor,
      nameOf(repository),
      id,
      { directory: '/', limit: 10, offset: 0 },
      asking(actor).signal,
    );
  expect(await read(alice, 'secret')).toMatchObject({ entries: [{ name: 'key' }] });
  await expect(read(alice, 'plain')).rejects.toMatchObject({ code: 'not_found' });
  await expect(read(alice, 'secret', 'no\0id')).rejects.toMatchObject({ code: 'not_found' });
  await expect(read(bob, 'secret')).rejects.toMatchObject({ code: 'not_found' });
  await expect(read(ANYBODY, 'secret')).rejects.toMatchObject({ code: 'not_found' });
  await startPull(server, 'alice/plain');
  const token: Actor = {
    kind: 'token',
    address: '::1',
    identity: undefined,
    repository: nameOf('plain'),
    access: 'read',
    nonce: 'n',
  };
  await expect(read(token, 'app', IMAGE.id)).rejects.toMatchObject({ code: 'unauthenticated' });
});
