import { gzipSync } from 'node:zlib';
import { askApi } from '../../helpers/api-client';
import { createImage, pushImages } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { asUser, pushImage } from '../../helpers/v2-client';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

/** A tag as the API shows it alone; it must be the same in the list. */
async function tagOf(name: string): Promise<unknown> {
  const root = `/api/v1.1/repositories/alice/${name}/tags/`;
  const { body } = await askApi(server, 'get', `${root}latest/`);
  const list = await askApi(server, 'get', root);
  expect(list.body).toMatchObject({ results: [body] });
  return body;
}

describe('a tag in the API', () => {
  it('that was pushed over v2 has the id of its v1 image', async () => {
    const { manifest, config } = await pushImage(server, 'alice/new', 'latest');
    expect(await tagOf('new')).toMatchObject({
      image_id: config.digest.slice('sha256:'.length),
      digest: manifest.digest,
      v1_problem: null,
      v2_problem: null,
    });
  });

  it('that was pushed over v2 says why clients of v1 cannot pull it', async () => {
    const { manifest } = await pushImage(server, 'alice/bare', 'latest', { more: { layers: [] } });
    const names = { image_id: null, digest: manifest.digest };
    expect(await tagOf('bare')).toMatchObject({ ...names, v1_problem: 'it has no layers', v2_problem: null });
  });

  it('that was pushed over v1 has the digest once a client of v2 has pulled it', async () => {
    const image = createImage();
    await pushImages(server, 'alice/old', [image], { tag: 'latest' });
    const known = { image_id: image.id, v1_problem: null, v2_problem: null };
    expect(await tagOf('old')).toMatchObject({ ...known, digest: null });
    const { headers } = await asUser(server, 'get', '/v2/alice/old/manifests/latest').expect(200);
    const digest = headers['docker-content-digest'];
    expect(await tagOf('old')).toMatchObject({ ...known, digest });
    const { body } = await askApi(server, 'get', `/api/v1.1/repositories/alice/old/manifests/${digest}/`);
    expect(body).toMatchObject({ digest, tags: ['latest'] });
  });

  it('that was pushed over v1 says why clients of v2 cannot pull it', async () => {
    const image = createImage({ layer: gzipSync(Buffer.alloc(5000)).subarray(0, 20) });
    await pushImages(server, 'alice/cut', [image], { tag: 'latest' });
    await asUser(server, 'get', '/v2/alice/cut/manifests/latest').expect(404);
    const names = { image_id: image.id, digest: null };
    expect(await tagOf('cut')).toMatchObject({ ...names, v1_problem: null, v2_problem: 'damaged gzip data' });
  });
});
