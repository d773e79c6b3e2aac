import { randomBytes } from 'node:crypto';
import { digestOf } from '../../../src/platform/bytes/digest';
import { getBlob, handOverBlob, mountBlob, openBlob } from '../../../src/features/manifests/blobs';
import { scrub } from '../../../src/features/storage/scrub';
import { DAMAGES, filesBelow } from '../../helpers/damage';
import { createImage, pushImages } from '../../helpers/images';
import { pushBlob, pushIndex, pushManifest, pushPlace, type PushPlace } from '../../helpers/owner-pushes';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let app: PushPlace;
let twin: PushPlace;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  app = await pushPlace(server, 'alice/app');
  twin = await pushPlace(server, 'alice/twin');
});
afterEach(() => server.close());

const UNKNOWN = { problem: 'blob_unknown', code: 'not_found' };

const damage = (how: keyof typeof DAMAGES, layer: Buffer): Promise<void> =>
  DAMAGES[how]({ db: server.ctx.db, blobDir: server.blobDir }, createImage({ layer }));

const scrubAll = () => scrub(server.ctx, { olderThanMs: 0, bytesPerSecond: undefined });

async function bytesOf({ repository }: PushPlace, layer: Buffer): Promise<Buffer> {
  const source = await openBlob(server.ctx, await getBlob(server.ctx, repository, digestOf(layer)));
  const chunks: Buffer[] = [];
  await source.copyTo((chunk) => {
    chunks.push(Buffer.from(chunk));
    return Promise.resolve();
  });
  await source.close();
  return Buffer.concat(chunks);
}

it.each(['wrong bytes', 'wrong size', 'missing'] as const)(
  'a blob with %s, once a scrub has found it, is unknown until the same bytes are pushed again (R251)',
  async (how) => {
    const layer = randomBytes(500);
    await pushManifest(app, { tag: 'v1', layers: [layer] });
    await pushManifest(twin, { tag: 'v1', layers: [layer] });
    await damage(how, layer);
    expect((await scrubAll()).damaged).toMatchObject([{ digest: digestOf(layer), damage: how }]);
    await expect(getBlob(server.ctx, app.repository, digestOf(layer))).rejects.toMatchObject(UNKNOWN);
    await pushBlob(app, layer);
    for (const place of [app, twin]) expect(await bytesOf(place, layer)).toEqual(layer);
    expect((await scrubAll()).damaged).toEqual([]);
  },
);

it.each(['wrong size', 'missing'] as const)(
  'a blob with %s that no scrub has seen is unknown to the first client that asks for it (R251)',
  async (how) => {
    const layer = randomBytes(500);
    const found = await (async () => {
      await pushManifest(app, { tag: 'v1', layers: [layer] });
      return getBlob(server.ctx, app.repository, digestOf(layer));
    })();
    await damage(how, layer);
    await expect(getBlob(server.ctx, app.repository, digestOf(layer))).rejects.toMatchObject(UNKNOWN);
    expect(await server.ctx.db('blobs').whereNotNull('damaged_at')).toHaveLength(1);
    expect(await filesBelow(server.blobDir, 'quarantine')).toHaveLength(how === 'missing' ? 0 : 1);
    // It was damaged between the two questions of one request.
    await expect(openBlob(server.ctx, found)).rejects.toMatchObject(UNKNOWN);
    await expect(handOverBlob(server.ctx, found)).rejects.toMatchObject(UNKNOWN);
    await pushBlob(app, layer);
    expect(await bytesOf(app, layer)).toEqual(layer);
  },
);

it('HEAD and GET of a damaged blob are a 404 over v2, and 200 once it was pushed again (R251)', async () => {
  const layer = randomBytes(500);
  await pushManifest(app, { tag: 'v1', layers: [layer] });
  const url = `${server.url}/v2/alice/app/blobs/${digestOf(layer)}`;
  const ask = async () => {
    const answers = ['HEAD', 'GET'].map((method) => fetch(url, { method, headers: { Authorization: basic('alice') } }));
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  expect(await ask()).toEqual([200, 200]);
  await damage('wrong size', layer);
  expect(await ask()).toEqual([404, 404]);
  await pushBlob(app, layer);
  expect(await ask()).toEqual([200, 200]);
});

it('a damaged blob is not mounted, and no manifest may use it (R251)', async () => {
  const layer = randomBytes(500);
  await pushManifest(app, { tag: 'v1', layers: [layer] });
  await pushBlob(twin, layer);
  await damage('missing', layer);
  expect(await mountBlob(server.ctx, twin.repository, app.repository, digestOf(layer))).toBe(false);
  const refused = pushManifest(twin, { tag: 'v1', layers: [layer], isWithoutLayers: true });
  await expect(refused).rejects.toMatchObject({
    problem: 'manifest_blob_unknown',
    detail: { digests: [digestOf(layer)] },
  });
  await pushManifest(twin, { tag: 'v1', layers: [layer] });
  expect(await bytesOf(app, layer)).toEqual(layer);
});

it('a scrub names the repositories, with the tags that lead to the blob in either protocol, each once (R251)', async () => {
  const image = createImage({ layer: randomBytes(500) });
  await pushImages(server, 'alice/app', [image], { tag: 'old' });
  const leaf = await pushManifest(app, { layers: [image.layer] });
  await pushIndex(app, [await pushIndex(app, [leaf])], { tag: 'multi' });
  await pushManifest(twin, { tag: 'v1', layers: [image.layer] });
  await pushManifest(twin, { tag: 'other' });
  await damage('wrong bytes', image.layer);
  const { damaged } = await scrubAll();
  expect(damaged.map(({ repositories }) => repositories)).toEqual([
    [
      { namespace: 'alice', name: 'app', imageIds: [image.id], tags: ['multi', 'old'] },
      { namespace: 'alice', name: 'twin', imageIds: [], tags: ['v1'] },
    ],
  ]);
});
