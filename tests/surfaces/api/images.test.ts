import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../src/platform/bytes/digest';
import { packTar } from '../../features/images/tar/pack-tar';
import { askApi } from '../../helpers/api-client';
import { createChain, createImage, payloadOf, pushImages } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const APP = '/api/v1.1/repositories/alice/app/';
const SECRET = '/api/v1.1/repositories/alice/secret/';
const [base, middle] = createChain(2) as [ReturnType<typeof createImage>, ReturnType<typeof createImage>];
const top = createImage({
  parent: middle.id,
  layer: gzipSync(
    packTar(
      { name: 'etc/', typeflag: '5', mode: 0o755 },
      { name: 'etc/motd', mtime: 1400000000, body: Buffer.from('hello') },
      { name: 'etc/.wh.passwd' },
      { name: 'bin/', typeflag: '5' },
    ),
  ),
});
const secret = createImage();

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await pushImages(server, 'alice/app', [base, middle, top], { tag: 'v1' });
  await pushPrivate(server, 'alice/secret', [secret]);
});
afterAll(() => server.close());

it('the images of a repository are shown as a tree', async () => {
  const { status, body } = await askApi(server, 'get', `${APP}images/`);
  expect([status, body.is_cut]).toEqual([200, false]);
  expect(body.images).toEqual([
    { id: base.id, parent: null, depth: 1, layer_size: 2000, tags: [], tag_count: 0 },
    { id: middle.id, parent: base.id, depth: 2, layer_size: 2000, tags: [], tag_count: 0 },
    { id: top.id, parent: middle.id, depth: 3, layer_size: top.layer.length, tags: ['v1'], tag_count: 1 },
  ]);
});

it('the history of an image and of a tag are the same', async () => {
  const ofImage = await askApi(server, 'get', `${APP}images/${top.id}/history/`);
  const ofTag = await askApi(server, 'get', `${APP}tags/v1/image-history/`);
  expect([ofImage.status, ofTag.status]).toEqual([200, 200]);
  expect(ofTag.body).toEqual(ofImage.body);
  expect(ofTag.body).toMatchObject({ image_id: top.id, image_size: 4000 + top.layer.length, is_cut: false });
  expect(ofTag.body.layers.map(({ id }: { id: string }) => id)).toEqual([top.id, middle.id, base.id]);
  expect(ofTag.body.layers[2]).toEqual({
    id: base.id,
    layer_size: 2000,
    digest: digestOf(base.layer),
    checksum: base.payload,
    date_created: null,
    author: null,
    comment: 'made by a test',
    docker_version: null,
    command: null,
  });
});

it('the history of an image has its configuration', async () => {
  const json = Buffer.from(JSON.stringify({ id: 'a'.repeat(64), os: 'linux', config: { Env: ['A=1'], Cmd: 7 } }));
  const image = { ...createImage(), id: 'a'.repeat(64), json };
  await pushImages(server, 'alice/configured', [{ ...image, payload: payloadOf(json, image.layer) }]);
  const path = '/api/v1.1/repositories/alice/configured/tags/latest/image-history/';
  const { body } = await askApi(server, 'get', path);
  expect(body.image).toMatchObject({ platform: 'linux', environment: ['A=1'], command: [], labels: [], user: null });
});

it('the files of a layer are browsed by directory', async () => {
  const root = await askApi(server, 'get', `${APP}images/${top.id}/files/`, { query: { page_size: 1 } });
  expect([root.status, root.body.count, root.body.results[0].name]).toEqual([200, 2, 'bin']);
  expect(root.body.next).toMatch(/page=2/);
  const { body } = await askApi(server, 'get', `${APP}images/${top.id}/files/`, { query: { directory: '/etc' } });
  expect(body.results).toMatchObject([
    { name: 'motd', path: '/etc/motd', kind: 'file', size: 5, mode: '0644', last_modified: '2014-05-13T16:53:20.000Z' },
    { name: 'passwd', is_deleted: true, last_modified: null, link_target: null },
  ]);
  const found = await askApi(server, 'get', `${APP}images/${top.id}/files/`, { query: { name: 'et' } });
  expect(found.body.results).toMatchObject([{ name: 'etc' }]);
  // The other layers of this test are not archives.
  expect((await askApi(server, 'get', `${APP}images/${base.id}/files/`)).status).toBe(400);
});

it.each(['images/', `images/${secret.id}/history/`, `images/${secret.id}/files/`, 'tags/latest/image-history/'])(
  'of a private repository, other users learn nothing about %s',
  async (part) => {
    expect((await askApi(server, 'get', SECRET + part, { as: 'robert' })).status).toBe(404);
    expect((await askApi(server, 'get', SECRET + part)).status).toBe(404);
  },
);

it('an image that is not in the repository is not found', async () => {
  for (const id of [secret.id, 'nothing']) {
    expect((await askApi(server, 'get', `${APP}images/${id}/history/`, { as: 'alice' })).status).toBe(404);
    expect((await askApi(server, 'get', `${APP}images/${id}/files/`, { as: 'alice' })).status).toBe(404);
  }
  expect((await askApi(server, 'get', `${APP}tags/none/image-history/`)).status).toBe(404);
});
