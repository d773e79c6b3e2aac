import { randomBytes } from 'node:crypto';
import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { setAside } from '../../../src/features/storage/damage';
import { scrub, type ScrubOptions, type ScrubProgress } from '../../../src/features/storage/scrub';
import { sweep } from '../../../src/jobs';
import { DAMAGES, filesBelow, layerDigest, layerFile, type LayerPlace } from '../../helpers/damage';
import { createChain, createImage, pushImages, startPush, type TestImage } from '../../helpers/images';
import { registryClient } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const HOUR_MS = 3_600_000;

let server: TestServer;
let place: LayerPlace;
beforeEach(async () => {
  server = await startTestServer();
  place = { db: server.ctx.db, blobDir: server.blobDir };
  for (const name of ['alice', 'carol']) await addUser(server, name);
});
afterEach(() => server.close());

const scrubAll = (options: Partial<ScrubOptions> = {}) =>
  scrub(server.ctx, { olderThanMs: 0, bytesPerSecond: undefined, ...options });

const imageOf = (sizeBytes: number): TestImage => createImage({ layer: randomBytes(sizeBytes) });

const unverified = async (): Promise<number> =>
  (await server.ctx.db('blobs').whereNull('verified_at').select('digest')).length;

describe('scrub', () => {
  it('reports nothing for an empty store and for whole layers', async () => {
    const nothing = { damaged: [], restored: [] };
    expect(await scrubAll()).toEqual({ layers: 0, bytes: 0, ...nothing });
    await pushImages(server, 'alice/app', [imageOf(2_500_000), imageOf(0), imageOf(7)]);
    expect(await scrubAll()).toEqual({ layers: 3, bytes: 2_500_007, ...nothing });
    expect(await scrubAll()).toEqual({ layers: 3, bytes: 2_500_007, ...nothing });
    expect(await filesBelow(server.blobDir, 'quarantine')).toEqual([]);
  });

  it.each(Object.keys(DAMAGES) as (keyof typeof DAMAGES)[])(
    'finds %s, and reports the repositories that have it',
    async (damage) => {
      const [base, middle, top] = createChain(3) as [TestImage, TestImage, TestImage];
      const stranger = createImage({ layer: middle.layer });
      await pushImages(server, 'alice/app', [base], { tag: 'base' });
      await pushImages(server, 'alice/app', [base, middle], { tag: 'middle' });
      await pushImages(server, 'alice/app', [base, middle, top], { tag: 'top' });
      await pushImages(server, 'alice/bottom', [base]);
      await pushImages(server, 'carol/app', [stranger], { user: 'carol' });
      await DAMAGES[damage](place, middle);
      const found = {
        digest: layerDigest(middle),
        damage,
        repositories: [
          { namespace: 'alice', name: 'app', imageIds: [middle.id], tags: ['middle', 'top'] },
          { namespace: 'carol', name: 'app', imageIds: [stranger.id], tags: ['latest'] },
        ],
      };
      expect(await scrubAll()).toEqual({ layers: 3, bytes: 6000, damaged: [found], restored: [] });
      expect(await filesBelow(server.blobDir, 'quarantine')).toHaveLength(damage === 'missing' ? 0 : 1);
      expect(await filesBelow(server.blobDir, 'sha256')).toHaveLength(2);
      expect((await scrubAll()).damaged).toEqual([found]); // until it is repaired
    },
  );

  it('reads the least recently read layers first, and continues where a run was ended (R56)', async () => {
    await pushImages(
      server,
      'alice/app',
      Array.from({ length: 5 }, () => imageOf(1000)),
    );
    const ending = new AbortController();
    const onProgress = ({ layers }: ScrubProgress): void => {
      if (layers === 2) ending.abort();
    };
    expect(await scrubAll({ signal: ending.signal, onProgress })).toMatchObject({ layers: 2, bytes: 2000 });
    expect(await unverified()).toBe(3);
    const next = new AbortController();
    const endAfterThree = ({ layers }: ScrubProgress): void => {
      if (layers === 3) next.abort();
    };
    await scrubAll({ signal: next.signal, onProgress: endAfterThree });
    expect(await unverified()).toBe(0);
  });

  it('skips layers that were read lately', async () => {
    const [old, lately] = [imageOf(1000), imageOf(1000)];
    await pushImages(server, 'alice/app', [old, lately]);
    await scrubAll();
    await server.ctx
      .db('blobs')
      .where({ digest: layerDigest(old) })
      .update({ verified_at: new Date(Date.now() - 3 * HOUR_MS) });
    expect(await scrubAll({ olderThanMs: 2 * HOUR_MS })).toMatchObject({ layers: 1 });
    expect(await scrubAll({ olderThanMs: 2 * HOUR_MS })).toMatchObject({ layers: 0 });
  });

  it('keeps to a rate, and can end in the middle of a layer', async () => {
    await pushImages(server, 'alice/app', [imageOf(4_000_000)]);
    const before = performance.now();
    await scrubAll({ bytesPerSecond: 8_000_000 });
    expect(performance.now() - before).toBeGreaterThan(400);
    const startedAt = performance.now();
    const ended = await scrubAll({ bytesPerSecond: 1000, signal: AbortSignal.timeout(100) });
    expect([ended.layers, ended.damaged]).toEqual([0, []]);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it('finds that bytes which are there again are whole (R58)', async () => {
    const image = imageOf(1000);
    await pushImages(server, 'alice/app', [image]);
    const file = await layerFile(place, image);
    await rename(file, `${file}.away`);
    expect((await scrubAll()).damaged).toHaveLength(1);
    await rename(`${file}.away`, file);
    expect(await scrubAll()).toEqual({ layers: 1, bytes: 1000, damaged: [], restored: [layerDigest(image)] });
    const pull = registryClient(server);
    expect((await pull.get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
  });

  it('does not report layers as damaged that gc has freed, or a push has replaced, in the meantime (R57)', async () => {
    const image = imageOf(1000);
    await pushImages(server, 'alice/app', [image]);
    const digest = layerDigest(image);
    const storageKey = `sha256/ab/${digest.slice('sha256:'.length)}-00000000`; // from a moment ago
    expect(await setAside(server.ctx, { digest, storageKey }, 'missing')).toBeUndefined();
    const unknown = { digest: `sha256:${'0'.repeat(64)}`, storageKey };
    expect(await setAside(server.ctx, unknown, 'wrong bytes')).toBeUndefined();
    expect(await scrubAll()).toMatchObject({ layers: 1, damaged: [] });
    expect((await registryClient(server).get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
  });
});

describe('a damaged layer that no image needs', () => {
  it('is freed with its row, and its bytes stay in quarantine until they are swept (R59)', async () => {
    const image = imageOf(1000);
    const push = registryClient(server, await startPush(server, 'alice/app', [image]));
    await push.putJson(image.id, image.json);
    await push.putLayer(image.id, image.layer);
    await DAMAGES['wrong bytes'](place, image);
    const { damaged } = await scrubAll();
    expect(damaged).toEqual([{ digest: layerDigest(image), damage: 'wrong bytes', repositories: [] }]);
    const longAgo = new Date(Date.now() - 100 * HOUR_MS);
    await server.ctx.db('blobs').update({ referenced_at: longAgo });
    await server.ctx.db('uploads').update({ updated_at: longAgo });
    expect(await sweep(server.ctx, HOUR_MS)).toEqual({ uploads: 1, blobs: 1, orphans: 0 });
    expect(await filesBelow(server.blobDir, 'quarantine')).toHaveLength(1);
    expect(await server.ctx.blobs.sweepQuarantined(new Date(Date.now() + HOUR_MS))).toBe(1);
    expect(await filesBelow(server.blobDir, 'quarantine')).toEqual([]);
  });

  it('is not a file without a row, such as a copy in the tree', async () => {
    const image = imageOf(1000);
    await pushImages(server, 'alice/app', [image]);
    const file = await layerFile(place, image);
    await copyFile(file, path.join(path.dirname(file), 'copy'));
    expect(await scrubAll()).toMatchObject({ layers: 1, damaged: [] });
  });
});
