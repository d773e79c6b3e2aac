import { gzipSync } from 'node:zlib';
import { deriveMissing } from '../../../../src/features/bridge/pending-images';
import { describeLayers } from '../../../../src/features/bridge/layer-facts';
import { packTar } from '../../../features/images/tar/pack-tar';
import { Browsing } from '../../../helpers/browse';
import { pushIndex } from '../../../helpers/index-images';
import { createChain, createImage, pushImages } from '../../../helpers/images';
import { ManifestPusher } from '../../../helpers/manifests';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { asUser, imageOf, pushImage, pushManifest, type Described } from '../../../helpers/v2-client';

let server: TestServer;
let anonymous: Browsing;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  anonymous = new Browsing(server.server);
});
afterAll(() => server.close());

const pageOf = async (path: string): Promise<string> => {
  const { status, html } = await anonymous.get(`/r/alice/${path}`);
  expect([path, status]).toEqual([path, 200]);
  return html;
};

const layer = (name: string): Buffer => gzipSync(packTar({ name, body: Buffer.from(name) }));
const hex = ({ digest }: Described): string => digest.slice('sha256:'.length);

/** The first pull by a client of v2. @returns the digest */
async function pullOverV2(name: string, status = 200): Promise<string> {
  const { headers } = await asUser(server, 'get', `/v2/alice/${name}/manifests/latest`).expect(status);
  return headers['docker-content-digest'] ?? '';
}

/** The two commands with a tag: one for old engines, one for the clients of today. */
const commands = (html: string, name: string): number =>
  html.split(`>docker pull ${server.host}/alice/${name}:latest<`).length - 1;

describe('the page of a tag that was pushed over v1', () => {
  it('has its image id, and the digest once a client of today has pulled it', async () => {
    const image = createImage({ layer: layer('old') });
    await pushImages(server, 'alice/old', [image], { tag: 'latest' });
    const before = await pageOf('old/tags/latest/');
    expect(before).toContain(`data-copy="${image.id}"`);
    expect(before).toContain('computed at the first pull by a client of today');
    expect(before).not.toContain('old@sha256');
    expect(commands(before, 'old')).toBe(2);
    expect(await server.ctx.db('image_manifests').select()).toEqual([]);

    const digest = await pullOverV2('old');
    const after = await pageOf('old/tags/latest/');
    expect(after).not.toContain('computed at the first pull');
    expect(after).toContain(`<a class="mono" href="/r/alice/old/manifests/${digest}/">${digest}</a>`);
    expect(after).toContain(`data-copy="${digest}"`);
    expect(after).toContain(`>docker pull ${server.host}/alice/old@${digest}<`);
    expect(after).toContain('docker up to 17.05');
    expect(after).toContain('For docker from 17.06 on, podman');
    expect(await pageOf(`old/manifests/${digest}/`)).toContain('<a href="/r/alice/old/tags/latest/">latest</a>');
    expect(await pageOf('old/tags/')).toContain('v1 image');
  });

  it('says why clients of today cannot pull it, before and after they tried', async () => {
    await pushImages(server, 'alice/cut', [createImage({ layer: layer('cut').subarray(0, 30) })], { tag: 'latest' });
    await describeLayers(server.ctx, new AbortController().signal);
    const reason = 'These clients cannot pull this tag: damaged gzip data.';
    const before = await pageOf('cut/tags/latest/');
    expect([before.split(reason).length, commands(before, 'cut')]).toEqual([2, 1]);
    expect(before).toContain('none: damaged gzip data');
    await pullOverV2('cut', 404);
    expect(await pageOf('cut/tags/latest/')).toContain(reason);
    expect(await pageOf('cut/')).toContain('needs an engine that uses v1');
    expect(await pageOf('cut/tags/')).toContain('v1 only: damaged gzip data');
  });

  it('says what docker says of more than 125 layers', async () => {
    const chain = createChain(126);
    await pushImages(server, 'alice/deep', chain, { tag: 'latest' });
    await asUser(server, 'put', '/v1/repositories/alice/deep/tags/fits').send(`"${chain[124]!.id}"`).expect(200);
    expect(await pageOf('deep/tags/latest/')).toContain('max depth exceeded');
    expect(await pageOf('deep/tags/fits/')).not.toContain('max depth exceeded');
  });
});

describe('the page of a tag that was pushed over v2', () => {
  it('stays that of its manifest, with the id of its v1 image', async () => {
    const { manifest, config } = await pushImage(server, 'alice/new', 'latest', { layer: packTar({ name: 'a' }) });
    const id = hex(config);
    const html = await pageOf('new/tags/latest/');
    expect(html).toContain('OCI image');
    expect(html).toContain(`<a class="mono" href="/r/alice/new/images/${id}/">${id}</a>`);
    for (const name of [id, manifest.digest]) expect(html).toContain(`data-copy="${name}"`);
    expect(commands(html, 'new')).toBe(2);
    expect(html).toContain(`>docker pull ${server.host}/alice/new@${manifest.digest}<`);
    expect(await pageOf('new/tags/')).toContain('OCI image');
  });

  it('leads to ordinary pages of its derived images', async () => {
    const { config } = await pushImage(server, 'alice/derived', 'latest', { layer: packTar({ name: 'hello' }) });
    const id = hex(config);
    expect(await pageOf(`derived/images/${id}/`)).toContain('in 1 layer');
    expect(await pageOf(`derived/images/${id}/files/`)).toContain('hello');
    const tree = await pageOf('derived/tree/');
    expect(tree).toContain(`href="/r/alice/derived/images/${id}/"`);
    expect(tree).toContain('latest');
  });

  it('says why engines that use v1 cannot pull it', async () => {
    await pushImage(server, 'alice/bare', 'latest', {
      more: { layers: [] },
    });
    const html = await pageOf('bare/tags/latest/');
    expect(html).toContain('These clients cannot pull this tag: it has no layers.');
    expect(html).toContain('none: it has no layers');
    expect(commands(html, 'bare')).toBe(1);
  });

  it.each([
    ['an artifact', 'it is an artifact, not an image', { config: 'application/vnd.cncf.helm.config.v1+json' }],
    [
      'foreign layers',
      'some of its layers are foreign, from another server',
      { layer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' },
    ],
    [
      'encrypted layers',
      'its layers are not archives, or are encrypted',
      { layer: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' },
    ],
  ])('says that %s cannot be pulled over v1', async (_what, reason, types: { config?: string; layer?: string }) => {
    const name = `not-for-v1-${reason.length}`;
    const { config, layer } = await pushImage(server, `alice/${name}`, 'other');
    const typed = (of: Described, mediaType = of.mediaType): Described => ({ ...of, mediaType });
    const image = imageOf(typed(config, types.config), [typed(layer, types.layer)]);
    await pushManifest(server, `alice/${name}`, 'latest', image);
    expect(await pageOf(`${name}/tags/latest/`)).toContain(`${reason}.</p>`);
    expect(await pageOf(`${name}/tags/`)).toContain(`v2 only: ${reason}<`);
  });

  it('says what docker says of more than 125 layers', async () => {
    const { config, layer } = await pushImage(server, 'alice/high', 'low', { layer: packTar({ name: 'a' }) });
    const { digest } = await pushManifest(server, 'alice/high', 'latest', imageOf(config, Array(126).fill(layer)));
    const html = await pageOf('high/tags/latest/');
    expect(html).toContain('This image has 126 layers');
    expect(html).toContain('podman and containerd can pull it');
    expect(await pageOf(`high/manifests/${digest}/`)).toContain('max depth exceeded');
    expect(await pageOf('high/tags/low/')).not.toContain('max depth exceeded');
    await asUser(server, 'head', '/v2/alice/high/manifests/latest').expect(200);
  });

  it('says for which architectures an index has v1 images', async () => {
    await pushIndex(server, 'alice/many', ['linux/amd64', 'linux/arm64', 'linux/arm/v7']);
    expect(await pageOf('many/tags/latest/')).toContain('For engines that use v1 on amd64, arm, arm64.');
    await pushIndex(server, 'alice/arm', ['linux/arm64']);
    const arm = await pageOf('arm/tags/latest/');
    expect(arm).toContain('For engines that use v1 on arm64. Not on amd64: it has no image for linux on amd64.');
    expect([commands(arm, 'arm'), arm.includes('cannot pull this tag')]).toEqual([2, false]);
    await pushIndex(server, 'alice/windows', ['windows/amd64']);
    const none = await pageOf('windows/tags/latest/');
    expect(none).toContain('These clients cannot pull this tag: it has no image for linux on amd64.');
    expect(commands(none, 'windows')).toBe(1);
  });

  it('says that its v1 image is still to come', async () => {
    const pusher = await ManifestPusher.to(server, { namespace: 'alice', name: 'later' });
    await pusher.image({}, { tag: 'latest' });
    const before = await pageOf('later/tags/latest/');
    expect(before).toContain('computed within five minutes');
    expect(before).toContain('still being created');
    await deriveMissing(server.ctx, new AbortController().signal);
    expect(await pageOf('later/tags/latest/')).toContain('none: it is not an image');
  });
});

describe('the commands follow what the server serves', () => {
  it.each([
    ['1.10', { major: 1, minor: 10 }, 'docker up to 1.9', 2],
    ['off', 'off' as const, 'docker up to 17.11', 1],
  ])('with DRYDOCK_V2_ENGINES=%s', async (_setting, v2Engines, title, count) => {
    const other = await startTestServer({ settings: { v2Engines } });
    try {
      await addUser(other, 'alice');
      await pushImages(other, 'alice/app', [createImage()], { tag: 'latest' });
      const { html } = await new Browsing(other.server).get('/r/alice/app/tags/latest/');
      expect(html).toContain(`<h3>${title}</h3>`);
      expect(html.split(`>docker pull ${other.host}/alice/app:latest<`)).toHaveLength(count + 1);
    } finally {
      await other.close();
    }
  });
});
