import { askApi } from '../../helpers/api-client';
import { createImage, pushImages } from '../../helpers/images';
import { ManifestPusher, OCI_INDEX, OCI_MANIFEST } from '../../helpers/manifests';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const ROOT = '/api/v1.1/repositories/alice/app';

let server: TestServer;
let pusher: ManifestPusher;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  pusher = await ManifestPusher.to(server, { namespace: 'alice', name: 'app' });
});
afterAll(() => server.close());

describe('tags that were pushed over v2', () => {
  it('are listed with those of v1', async () => {
    const image = createImage();
    await pushImages(server, 'alice/app', [image], { tag: 'old' });
    const platform = { os: 'linux', architecture: 'amd64' };
    const child = { ...(await pusher.image(platform, { layers: [Buffer.alloc(100)] })), platform };
    const index = await pusher.manifest(OCI_INDEX, { manifests: [child] }, { tag: 'new' });
    const { status, body } = await askApi(server, 'get', `${ROOT}/tags/`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      count: 2,
      results: [
        {
          name: 'new',
          image_id: null,
          digest: index.digest,
          kind: 'oci-index',
          media_type: OCI_INDEX,
          artifact_type: null,
          platforms: ['linux/amd64'],
          image_size: 100 + JSON.stringify(platform).length,
          layer_count: 0,
          pushed_by: 'alice',
          engine: { docker_version: null, client: 'skopeo/1.22.0' },
        },
        { name: 'old', image_id: image.id, digest: null, kind: 'v1-image', media_type: null, layer_count: 1 },
      ],
    });
    expect(await askApi(server, 'get', `${ROOT}/tags/new/`)).toMatchObject({
      status: 200,
      body: { name: 'new', image_id: null, digest: index.digest },
    });
  });

  it('are restored to an earlier manifest', async () => {
    const first = await pusher.image({ note: 1 }, { tag: 'moving' });
    const second = await pusher.image({ note: 2 }, { tag: 'moving' });
    const history = await askApi(server, 'get', `${ROOT}/tag-history/?tag=moving`);
    const { results } = history.body as { results: { id: number }[] };
    expect(results).toMatchObject([
      { from: first.digest, to: second.digest },
      { from: null, to: first.digest },
    ]);
    const restore = `${ROOT}/tag-history/${results[0]?.id}/restore/`;
    expect(await askApi(server, 'post', restore, { as: 'alice', body: { side: 'before' } })).toMatchObject({
      status: 200,
      body: { name: 'moving', image_id: null, digest: first.digest },
    });
    const gone = await pusher.image({ note: 3 }, { tag: 'moving' });
    await server.ctx.db('tags').where({ name: 'moving' }).delete();
    await server.ctx.db('manifests').where({ digest: gone.digest }).delete();
    const after = await askApi(server, 'get', `${ROOT}/tag-history/?tag=moving`);
    const [last] = (after.body as { results: { id: number; to: string }[] }).results;
    expect(last?.to).toBe(gone.digest);
    const lost = await askApi(server, 'post', `${ROOT}/tag-history/${last?.id}/restore/`, {
      as: 'alice',
      body: { side: 'after' },
    });
    expect(lost.status).toBe(404);
  });

  it('are deleted like those of v1', async () => {
    await pusher.image({ note: 4 }, { tag: 'goes' });
    expect((await askApi(server, 'delete', `${ROOT}/tags/goes/`, { as: 'alice' })).status).toBe(204);
    expect((await askApi(server, 'get', `${ROOT}/tags/goes/`)).status).toBe(404);
  });

  it('say the type of an artifact', async () => {
    const config = await pusher.blob(Buffer.from('{}'), 'application/vnd.cncf.helm.config.v1+json');
    await pusher.manifest(OCI_MANIFEST, { config, layers: [] }, { tag: 'chart' });
    const { body } = await askApi(server, 'get', `${ROOT}/tags/?name=chart`);
    expect(body).toMatchObject({ results: [{ kind: 'artifact', artifact_type: config.mediaType, image_size: 2 }] });
  });
});

describe('a manifest', () => {
  it('is described with its config, its layers and what is attached to it', async () => {
    const history = [{ created_by: 'ADD x /' }, { created_by: 'ENV a=1', empty_layer: true }];
    const config = { os: 'linux', architecture: 'amd64', config: { Cmd: ['sh'], Labels: { a: 'b' } }, history };
    const image = await pusher.image(config, { tag: 'shown', layers: [Buffer.alloc(70)] });
    const signature = await pusher.image({}, { document: { subject: image, artifactType: 'a/signature' } });
    expect(await askApi(server, 'get', `${ROOT}/manifests/${image.digest}/`)).toMatchObject({
      status: 200,
      body: {
        digest: image.digest,
        kind: 'oci-image',
        tags: ['shown'],
        subject: null,
        image: { platform: 'linux/amd64', command: ['sh'], labels: [{ name: 'a', value: 'b' }] },
        layers: [
          { size: 70, command: 'ADD x /' },
          { digest: null, size: 0, command: 'ENV a=1' },
        ],
        manifests: [],
        attached: [{ digest: signature.digest, artifact_type: 'a/signature' }],
      },
    });
    expect(await askApi(server, 'get', `${ROOT}/manifests/${signature.digest}/`)).toMatchObject({
      body: { kind: 'artifact', artifact_type: 'a/signature', subject: image.digest, image: null, tags: [] },
    });
  });

  it('lists the manifests of an index', async () => {
    const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };
    const child = { ...(await pusher.image(platform)), platform };
    const index = await pusher.manifest(OCI_INDEX, { manifests: [child] });
    expect(await askApi(server, 'get', `${ROOT}/manifests/${index.digest}/`)).toMatchObject({
      body: { kind: 'oci-index', layers: [], manifests: [{ digest: child.digest, platform: 'linux/arm64/v8' }] },
    });
  });

  it.each([`sha256:${'0'.repeat(64)}`, 'shown', 'sha256:x'])('that does not exist is not found: %s', async (digest) => {
    expect((await askApi(server, 'get', `${ROOT}/manifests/${digest}/`)).status).toBe(404);
  });
});
