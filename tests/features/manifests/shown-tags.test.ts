import { randomBytes } from 'node:crypto';
import type { RepositoryName } from '../../../src/features/access/actor';
import { getShownTag, listShownTags, type ShownTag } from '../../../src/features/manifests/shown-tags';
import { getReadable } from '../../../src/features/repositories/get-repository';
import { ANYBODY } from '../../helpers/actors';
import { createChain, pushImages } from '../../helpers/images';
import { DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, ManifestPusher, OCI_INDEX } from '../../helpers/manifests';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const APP: RepositoryName = { namespace: 'alice', name: 'app' };
const SIGNATURE = 'application/vnd.dev.cosign.artifact.sig.v1+json';

let server: TestServer;
let pusher: ManifestPusher;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  pusher = await ManifestPusher.to(server, APP);
});
afterAll(() => server.close());

async function tagsOf(name = APP): Promise<ReadonlyMap<string, ShownTag>> {
  const repository = await getReadable(server.ctx, ANYBODY, name);
  const { tags } = await listShownTags(server.ctx, repository, { limit: 100, offset: 0, sort: 'name' });
  return new Map(tags.map((tag) => [tag.name, tag]));
}

describe('the list of tags', () => {
  it('has images of v1 and of v2, each with its kind and its size', async () => {
    await pushImages(server, 'alice/app', createChain(3), { tag: 'old' });
    const layer = await pusher.blob(randomBytes(3000), DOCKER_LAYER);
    const config = await pusher.blob(Buffer.from('{"os":"linux"}'), DOCKER_CONFIG);
    const document = { config, layers: [layer, layer] };
    const pushed = await pusher.manifest(DOCKER_MANIFEST, document, {
      tag: 'new',
      userAgent: 'docker/28.5.2 os/linux',
    });
    const tags = await tagsOf();
    expect(tags.get('old')).toMatchObject({ manifest: undefined, totalSizeBytes: 6000, layerCount: 3 });
    expect(tags.get('new')).toMatchObject({
      imageId: undefined,
      manifest: { digest: pushed.digest, kind: 'docker-image', platforms: [], artifactType: undefined },
      totalSizeBytes: 3014,
      layerCount: 2,
      engine: { docker_version: '28.5.2', os: 'linux' },
    });
  });

  it('has the platforms of an index, but not its attestations, and counts each blob of it once', async () => {
    const shared = randomBytes(500);
    const children = [];
    for (const platform of [
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64', variant: 'v8' },
    ]) {
      children.push({ ...(await pusher.image(platform, { layers: [shared, randomBytes(1000)] })), platform });
    }
    const attestation = {
      ...(await pusher.image({}, { layers: [Buffer.from('{}')] })),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    };
    await pusher.manifest(OCI_INDEX, { manifests: [...children, attestation] }, { tag: 'multi' });
    const tag = (await tagsOf()).get('multi');
    expect(tag).toMatchObject({
      manifest: { kind: 'oci-index', platforms: ['linux/amd64', 'linux/arm64/v8'] },
      layerCount: 0,
      engine: { client: 'skopeo/1.22.0' },
    });
    const configs = '{"os":"linux","architecture":"amd64"}{"os":"linux","architecture":"arm64","variant":"v8"}';
    // The attestation's config and layer are the same two bytes.
    expect(tag?.totalSizeBytes).toBe(500 + 2 * 1000 + configs.length + 2);
  });

  it('has the type of an artifact, even of one with a hostile type', async () => {
    await pusher.image({}, { tag: 'signature', document: { artifactType: SIGNATURE } });
    await pusher.image({}, { tag: 'strange', document: { artifactType: '<script>' } });
    const tags = await tagsOf();
    expect(tags.get('signature')?.manifest).toMatchObject({ kind: 'artifact', artifactType: SIGNATURE });
    expect(tags.get('strange')?.manifest).toMatchObject({ kind: 'artifact', artifactType: '<script>' });
  });

  it('leaves the platforms of a very large index out', async () => {
    const platform = { os: 'linux', architecture: 'amd64' };
    const child = { ...(await pusher.image({})), platform };
    const annotations = { note: 'x'.repeat(70_000) };
    await pusher.manifest(OCI_INDEX, { manifests: [child], annotations }, { tag: 'large' });
    expect((await tagsOf()).get('large')).toMatchObject({ manifest: { kind: 'oci-index', platforms: [] } });
  });
});

describe('the list of tags by size', () => {
  const name = { namespace: 'alice', name: 'sizes' };
  const read = async (range: { limit: number; offset: number }, text?: string) =>
    listShownTags(server.ctx, await getReadable(server.ctx, ANYBODY, name), { ...range, text, sort: 'size' });

  it('has the largest first, whatever their kind, page by page', async () => {
    const [small, large] = [createChain(1), createChain(3)];
    await pushImages(server, 'alice/sizes', small, { tag: 'small' });
    await pushImages(server, 'alice/sizes', large, { tag: 'large' });
    const other = await ManifestPusher.to(server, name);
    await other.image({}, { layers: [randomBytes(4000)], tag: 'between' });
    const first = await read({ limit: 2, offset: 0 });
    const rest = await read({ limit: 2, offset: 2 });
    expect([first.total, ...[...first.tags, ...rest.tags].map((tag) => tag.name)]).toEqual([
      3,
      'large',
      'between',
      'small',
    ]);
    expect((await read({ limit: 9, offset: 0 }, 'sm')).total).toBe(1);
  });

  it('is refused for more than a thousand tags', async () => {
    await server.ctx.db.raw(
      `insert into tags (repository_id, name, image_id) select t.repository_id, 'n' || n, t.image_id
       from tags t join repositories r on r.id = t.repository_id, generate_series(1, 998) n
       where r.name = 'sizes' and t.name = 'small'`,
    );
    await expect(read({ limit: 1, offset: 0 })).rejects.toMatchObject({ code: 'invalid' });
    expect((await read({ limit: 1, offset: 0 }, 'n1')).tags).toHaveLength(1);
  });
});

it('one tag is found by its name, of either kind', async () => {
  const repository = await getReadable(server.ctx, ANYBODY, APP);
  expect(await getShownTag(server.ctx, repository, 'old')).toMatchObject({ name: 'old', manifest: undefined });
  expect(await getShownTag(server.ctx, repository, 'multi')).toMatchObject({ manifest: { kind: 'oci-index' } });
  for (const none of ['nothing', 'not a tag', 'a\0b']) {
    await expect(getShownTag(server.ctx, repository, none)).rejects.toMatchObject({ code: 'not_found' });
  }
});
