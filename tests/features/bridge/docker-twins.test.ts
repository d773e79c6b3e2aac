import { gunzipSync } from 'node:zlib';
import { OPERATOR } from '../../../src/features/audit/audit';
import { sumBytes } from '../../../src/features/storage/quota.store';
import { collectGarbage } from '../../../src/features/images/gc';
import { hex, pushOverV2 } from '../../helpers/crossing-images';
import { DAMAGES } from '../../helpers/damage';
import { createImage } from '../../helpers/images';
import { platformOf, pushIndex, type PushedIndex } from '../../helpers/index-images';
import { askAs, type ReaderName } from '../../helpers/manifest-readers';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { asText, asUser, digestOf, imageOf, OCI_MANIFEST, pushManifest } from '../../helpers/v2-client';
import { zstdOf } from '../../helpers/zstd';

/* Docker's schema 2 of images that engines could not read as they were pushed. */

const SCHEMA_2 = 'application/vnd.docker.distribution.manifest.v2+json';
const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

interface Body {
  readonly mediaType: string;
  readonly config: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly layers: readonly { readonly mediaType: string; readonly digest: string; readonly size: number }[];
}

/** What a client gets for a tag or a digest. */
async function pull(name: string, reader: ReaderName, reference = 'latest') {
  const { headers, body } = await askAs(server, reader, `alice/${name}/manifests/${reference}`)
    .buffer()
    .parse(asText)
    .expect(200);
  const text = body as string;
  const digest = headers['docker-content-digest']!;
  expect(digest).toBe(digestOf(text));
  return { digest, type: headers['content-type']!, text, body: JSON.parse(text) as Body, headers };
}

const blobOf = async (name: string, digest: string): Promise<Buffer> =>
  (await asUser(server, 'get', `/v2/alice/${name}/blobs/${digest}`).buffer().expect(200)).body as Buffer;
const put = (name: string, tag: string, { text, type }: { text: string; type: string }) =>
  asUser(server, 'put', `/v2/alice/${name}/manifests/${tag}`).set('Content-Type', type).send(text);
const manifests = (name: string) =>
  server.ctx
    .db('manifests as m')
    .join('repositories as r', 'r.id', 'm.repository_id')
    .where('r.name', name)
    .orderBy('m.id')
    .select('m.digest', 'm.origin');
const collect = async (): Promise<void> => {
  await server.ctx.db('manifests').update({ tagged_at: '2020-01-01' });
  await server.ctx.db('repository_images').update({ announced_at: '2020-01-01' });
  await collectGarbage(server.ctx, { olderThanMs: 1000, dryRun: false, doer: OPERATOR });
};

describe('an OCI image', () => {
  it('is a schema 2 of the same config and layers for engines that know nothing of OCI', async () => {
    const { manifest, config, layers } = await pushOverV2(server, 'alice/oci');
    const twin = await pull('oci', 'docker 18.09');
    expect(twin.type).toBe(SCHEMA_2);
    expect(twin.body).toEqual({
      schemaVersion: 2,
      mediaType: SCHEMA_2,
      config: { ...config, mediaType: 'application/vnd.docker.container.image.v1+json' },
      layers: layers.map((layer) => ({ ...layer, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' })),
    });
    const head = await askAs(server, 'docker 18.09', 'alice/oci/manifests/latest', 'head').expect(200);
    expect(head.headers['docker-content-digest']).toBe(twin.digest);
    expect(await pull('oci', 'docker 18.09')).toMatchObject({ digest: twin.digest, text: twin.text });
    expect(await pull('oci', 'a script for schema 2')).toMatchObject({ digest: twin.digest });
    expect(await pull('oci', 'podman', twin.digest)).toMatchObject({ text: twin.text, type: SCHEMA_2 });
    expect(await pull('oci', 'docker 18.09', manifest.digest)).toMatchObject({ digest: manifest.digest });
    expect(twin.headers['vary']).toBe('Accept, User-Agent, Authorization');
  });

  it.each([
    'docker 20.10',
    'docker 28.5',
    'docker 28.5 with the store of containerd',
    'containerd',
    'podman',
    'skopeo',
    'a client without Accept',
  ] as const)('is what was pushed for %s', async (reader) => {
    const { manifest } = await pushOverV2(server, 'alice/pushed');
    expect(await pull('pushed', reader)).toMatchObject({ digest: manifest.digest, type: OCI_MANIFEST });
  });

  it('gets one twin, even if two clients ask at once', async () => {
    await pushOverV2(server, 'alice/once', { encode: zstdOf });
    const pulls = await Promise.all(Array.from({ length: 4 }, () => pull('once', 'docker 18.09')));
    expect(new Set(pulls.map(({ digest }) => digest)).size).toBe(1);
    expect(await manifests('once')).toEqual([
      { digest: expect.any(String), origin: 'pushed' },
      { digest: pulls[0]!.digest, origin: 'synthesized' },
    ]);
  });

  it('is what was pushed if it has no twin: an artifact, foreign layers, damage', async () => {
    const { config, layers } = await pushOverV2(server, 'alice/none', { tag: 'image' });
    const foreign = { ...layers[0]!, mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip' };
    const chart = { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' };
    await pushManifest(server, 'alice/none', 'foreign', imageOf(config, [foreign]));
    await pushManifest(server, 'alice/none', 'artifact', imageOf(chart, layers));
    await pushOverV2(server, 'alice/none', { tag: 'cut', encode: (tar) => zstdOf(tar).subarray(0, -1) });
    const lost = await pushOverV2(server, 'alice/none', { tag: 'lost', encode: zstdOf });
    const layer = await blobOf('none', lost.layers[0]!.digest);
    await DAMAGES.missing({ db: server.ctx.db, blobDir: server.blobDir }, createImage({ layer }));
    for (const tag of ['foreign', 'artifact', 'cut', 'lost']) {
      const [old, today] = [await pull('none', 'docker 18.09', tag), await pull('none', 'podman', tag)];
      expect([tag, old.digest]).toEqual([tag, today.digest]);
    }
  });
});

describe('an image with layers in zstd', () => {
  it.each([
    ['docker 20.10', true],
    ['docker 22.06', true],
    ['docker 23.0', false],
    ['docker 28.5', false],
    ['containerd', false],
    ['podman', false],
    ['skopeo', false],
  ] as const)('for %s has layers in gzip: %s', async (reader, isTwin) => {
    const name = `zstd-${reader.replaceAll(/\W/g, '-')}`;
    for (const type of ['application/vnd.oci.image.layer.v1.tar+zstd', 'application/vnd.oci.image.layer.v1.tar+gzip']) {
      const { manifest, config, diffIds } = await pushOverV2(server, `alice/${name}`, { encode: zstdOf, type });
      const { digest, body } = await pull(name, reader);
      expect(body.config.digest).toBe(config.digest);
      if (!isTwin) expect(digest).toBe(manifest.digest);
      else {
        const bytes = await Promise.all(body.layers.map((layer) => blobOf(name, layer.digest)));
        expect(bytes.map((each) => digestOf(gunzipSync(each)))).toEqual(diffIds);
        expect(bytes.map(({ length }) => length)).toEqual(body.layers.map(({ size }) => size));
      }
    }
  });

  it('has a twin in docker format, too, if it was pushed in docker format', async () => {
    const { config, layers } = await pushOverV2(server, 'alice/docker', { encode: zstdOf });
    const docker = {
      ...imageOf(config, layers),
      mediaType: SCHEMA_2,
      config: { ...config, mediaType: 'application/vnd.docker.container.image.v1+json' },
    };
    const { digest } = await pushManifest(server, 'alice/docker', 'latest', docker, { type: SCHEMA_2 });
    const twin = await pull('docker', 'docker 18.09');
    expect(twin.digest).not.toBe(digest);
    expect(await pull('docker', 'docker 20.10')).toMatchObject({ digest: twin.digest });
    expect(await pull('docker', 'docker 28.5')).toMatchObject({ digest });
  });
});

describe('an index', () => {
  const childOf = ({ images }: PushedIndex, platform: string) => images[platform]!;

  it('is the twin of the image for the architecture of an engine that knows nothing of OCI', async () => {
    const pushed = await pushIndex(server, 'alice/index', ['linux/arm64', 'linux/amd64']);
    const amd64 = await pull('index', 'docker 18.09');
    const arm64 = await pull('index', 'docker 18.09 on arm64');
    expect([amd64.type, arm64.type]).toEqual([SCHEMA_2, SCHEMA_2]);
    expect(amd64.body.config.digest).toBe(childOf(pushed, 'linux/amd64').config.digest);
    expect(arm64.body.config.digest).toBe(childOf(pushed, 'linux/arm64').config.digest);
    expect(await pull('index', 'docker 20.10')).toMatchObject({ digest: pushed.manifest.digest });
  });

  it('in docker format is itself, unless the engine cannot read what it lists', async () => {
    const oci = await pushIndex(server, 'alice/list', ['linux/amd64'], { type: LIST });
    const { text, type, body } = await pull('list', 'docker 18.09');
    expect(body.config.digest).toBe(childOf(oci, 'linux/amd64').config.digest);
    await put('list', 'image', { text, type }).expect(201);
    const child = { mediaType: type, digest: digestOf(text), size: text.length, ...platformOf('linux/amd64') };
    const list = { schemaVersion: 2, mediaType: LIST, manifests: [child] };
    const { digest } = await pushManifest(server, 'alice/list', 'plain', list, { type: LIST });
    expect(await pull('list', 'docker 18.09', 'plain')).toMatchObject({ digest, type: LIST });
  });

  it('is the twin of its image for docker before 23 if that has layers in zstd', async () => {
    const pushed = await pushIndex(server, 'alice/izstd', ['linux/amd64'], { image: { encode: zstdOf } });
    const twin = await pull('izstd', 'docker 20.10');
    expect(twin.body.config.digest).toBe(childOf(pushed, 'linux/amd64').config.digest);
    expect(await pull('izstd', 'docker 23.0')).toMatchObject({ digest: pushed.manifest.digest });
  });
});

describe('a twin that an engine pushes back', () => {
  it('changes nothing at its tag, even if the tag is immutable', async () => {
    const { manifest, config } = await pushOverV2(server, 'alice/back');
    const twin = await pull('back', 'docker 18.09');
    await server.ctx
      .db('repositories')
      .where({ name: 'back' })
      .update({ immutable_tags: ['latest'] });
    const { headers } = await put('back', 'latest', twin).expect(201);
    expect(headers['docker-content-digest']).toBe(twin.digest);
    expect(await pull('back', 'podman')).toMatchObject({ digest: manifest.digest });
    expect(await pull('back', 'docker 18.09')).toMatchObject({ digest: twin.digest });
    const { body } = await asUser(server, 'get', '/v1/repositories/alice/back/tags').expect(200);
    expect(body).toEqual({ latest: hex(config.digest) });
    expect((await manifests('back')).map(({ origin }) => origin as string)).toEqual(['pushed', 'synthesized']);
    await put('back', 'copy', twin).expect(201);
    expect(await pull('back', 'podman', 'copy')).toMatchObject({ digest: twin.digest });
  });

  it('changes nothing at the tag of an index that lists its image', async () => {
    const { manifest } = await pushIndex(server, 'alice/iback', ['linux/arm64', 'linux/amd64']);
    await put('iback', 'latest', await pull('iback', 'docker 18.09 on arm64')).expect(201);
    expect(await pull('iback', 'podman')).toMatchObject({ digest: manifest.digest });
  });

  it('moves a tag that points to something else by now', async () => {
    await pushOverV2(server, 'alice/moved');
    const twin = await pull('moved', 'docker 18.09');
    await pushOverV2(server, 'alice/moved');
    await put('moved', 'latest', twin).expect(201);
    expect(await pull('moved', 'podman')).toMatchObject({ digest: twin.digest });
  });
});

describe('a twin', () => {
  const statusOf = async (name: string, digest: string): Promise<number> =>
    (await asUser(server, 'head', `/v2/alice/${name}/manifests/${digest}`)).status;

  it('is kept by the garbage collection while its manifest is kept, and removed with it', async () => {
    const { manifest } = await pushOverV2(server, 'alice/kept');
    const index = await pushIndex(server, 'alice/kept', ['linux/amd64'], { tag: 'index' });
    const twins = [(await pull('kept', 'docker 18.09')).digest, (await pull('kept', 'docker 18.09', 'index')).digest];
    const found = async () => Promise.all([manifest.digest, ...twins].map((digest) => statusOf('kept', digest)));
    await collect();
    expect(await found()).toEqual([200, 200, 200]);
    await asUser(server, 'delete', '/v2/alice/kept/manifests/latest').expect(202);
    await collect();
    expect(await found()).toEqual([404, 404, 200]);
    await asUser(server, 'delete', `/v2/alice/kept/manifests/${index.manifest.digest}`).expect(202);
    await collect();
    expect(await manifests('kept')).toEqual([]);
  });

  it('is deleted with its manifest by digest, and its own digest deletes the tag', async () => {
    const { manifest } = await pushOverV2(server, 'alice/deleted');
    const { digest } = await pull('deleted', 'docker 18.09');
    await asUser(server, 'delete', `/v2/alice/deleted/manifests/${manifest.digest}`).expect(202);
    expect(await statusOf('deleted', digest)).toBe(404);
    const again = await pushOverV2(server, 'alice/deleted');
    const twin = await pull('deleted', 'a script for schema 2');
    await asUser(server, 'delete', `/v2/alice/deleted/manifests/${twin.digest}`).expect(202);
    expect([await statusOf('deleted', 'latest'), await statusOf('deleted', twin.digest)]).toEqual([404, 404]);
    expect(await statusOf('deleted', again.manifest.digest)).toBe(200);
  });

  it('is not copied with its manifest, has the tags of its manifest on its page, and costs nothing', async () => {
    await pushOverV2(server, 'alice/quiet', { encode: zstdOf });
    await asUser(server, 'get', '/v1/repositories/alice/quiet/tags').expect(200);
    const used = () => sumBytes(server.ctx.db, server.ctx.blobReferrers, 'alice');
    const before = await used();
    const { digest } = await pull('quiet', 'docker 18.09');
    expect(await used()).toBe(before);
    const page = await asUser(server, 'get', `/r/alice/quiet/manifests/${digest}/`).expect(200);
    expect(page.text).toContain('<a href="/r/alice/quiet/tags/latest/">latest</a>');
    await asUser(server, 'post', '/api/v1.1/repositories/').send({ namespace: 'alice', name: 'loud' }).expect(201);
    await asUser(server, 'post', '/api/v1.1/repositories/alice/loud/tags/')
      .send({ name: 'latest', source: { namespace: 'alice', name: 'quiet', tag: 'latest' } })
      .expect(201);
    expect((await manifests('loud')).map(({ origin }) => origin as string)).toEqual(['pushed']);
    expect(await pull('loud', 'docker 18.09')).toMatchObject({ digest });
  });
});
