import { gunzipSync, gzipSync } from 'node:zlib';
import { OPERATOR } from '../../../src/features/audit/audit';
import { deriveMissing } from '../../../src/features/bridge/pending-images';
import { withinPatience } from '../../../src/features/bridge/patience';
import { collectGarbage } from '../../../src/features/images/gc';
import { sumBytes } from '../../../src/features/storage/quota.store';
import { jobsOf } from '../../../src/jobs';
import { hex, pushOverV2, type PushedOverV2 } from '../../helpers/crossing-images';
import { DAMAGES } from '../../helpers/damage';
import { createImage } from '../../helpers/images';
import { queuedJobs, runDueJobs } from '../../helpers/run-jobs';
import { recordStatements } from '../../helpers/statements';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { asUser, digestOf, imageOf, pushManifest } from '../../helpers/v2-client';
import { zstdOf } from '../../helpers/zstd';

/* Layers in zstd, which no engine of v1 can read (bridge 9). */

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

const push = (name: string, options?: Parameters<typeof pushOverV2>[2]) =>
  pushOverV2(server, `alice/${name}`, { encode: zstdOf, ...options });
const getV1 = (path: string) => asUser(server, 'get', `/v1/${path}`);
const derive = () => deriveMissing(server.ctx, AbortSignal.timeout(60_000));
const isPending = async (): Promise<boolean> => (await server.ctx.db('pending_images').first()) !== undefined;

const storedImage = async ({ manifest }: PushedOverV2): Promise<string | null> =>
  (
    await server.ctx
      .db('tags as t')
      .join('manifests as m', 'm.id', 't.manifest_id')
      .where('m.digest', manifest.digest)
      .first('t.image_id')
  )?.image_id as string | null;

/** The layer that v1 clients get of an image. */
async function layerOf(id: string): Promise<Buffer> {
  return (await getV1(`images/${id}/layer`).buffer().expect(200)).body as Buffer;
}

describe('an image with layers in zstd', () => {
  it.each([
    ['the list of tags', 'tags', (id: string) => ({ latest: id })],
    ['the tag', 'tags/latest', (id: string) => id],
  ])('has layers in gzip for the first v1 client that asks for %s', async (what, path, answer) => {
    const name = `asked-${what.length}`;
    const pushed = await push(name);
    expect([await isPending(), await storedImage(pushed)]).toEqual([true, null]);
    const { body } = await getV1(`repositories/alice/${name}/${path}`).expect(200);
    const top = hex(pushed.config.digest);
    expect(body).toEqual(answer(top));
    expect([await isPending(), await storedImage(pushed)]).toEqual([false, top]);
    const layer = await layerOf(top);
    expect(digestOf(gunzipSync(layer))).toBe(pushed.diffIds[1]);
    const { headers } = await getV1(`images/${top}/json`).expect(200);
    expect(headers['x-docker-size']).toBe(String(layer.length));
  });

  it('is in the list of images with which a pull begins', async () => {
    const { config } = await push('pulled');
    const { body } = await getV1('repositories/alice/pulled/images').expect(200);
    expect((body as { id: string }[]).map(({ id }) => id)).toContain(hex(config.digest));
  });

  it('gets its images by a job that the push has queued', async () => {
    const pushed = await push('queued');
    await runDueJobs(server.database, jobsOf(server.ctx));
    expect(await storedImage(pushed)).toBe(hex(pushed.config.digest));
    expect(await queuedJobs(server.database)).toEqual([]);
  });

  it('is known by its first bytes, whatever the media type says', async () => {
    const lying = await push('lying', { type: 'application/vnd.oci.image.layer.v1.tar+gzip' });
    const honest = await push('honest', { type: 'application/vnd.oci.image.layer.v1.tar+zstd', encode: gzipSync });
    expect(await storedImage(honest)).toBe(hex(honest.config.digest));
    expect(await layerOf(hex(honest.config.digest))).toHaveLength(honest.layers[1]!.size);
    expect(await storedImage(lying)).toBeNull();
    await derive();
    expect(await storedImage(lying)).toBe(hex(lying.config.digest));
    const { compression } = await server.ctx.db('blobs').where({ digest: honest.layers[1]!.digest }).first();
    expect(compression).toBe('gzip');
  });

  it('is derived in the push if its layers were unpacked before', async () => {
    const { config, layers } = await push('first');
    await derive();
    for (const { digest } of [config, ...layers]) {
      await asUser(server, 'post', `/v2/alice/second/blobs/uploads/?mount=${digest}&from=alice/first`).expect(201);
    }
    const { body } = await asUser(server, 'get', '/v2/alice/first/manifests/latest').buffer().expect(200);
    await asUser(server, 'put', '/v2/alice/second/manifests/latest')
      .set('Content-Type', 'application/vnd.oci.image.manifest.v1+json')
      .send(body as Buffer)
      .expect(201);
    expect(await isPending()).toBe(false);
    expect((await getV1('repositories/alice/second/tags').expect(200)).body).toEqual({ latest: hex(config.digest) });
  });

  it('is hidden with the reason if a layer is damaged', async () => {
    const { manifest } = await push('cut', { encode: (tar) => zstdOf(tar).subarray(0, -1) });
    await getV1('repositories/alice/cut/tags/latest').expect(404, { error: 'Tag not found' });
    expect((await getV1('repositories/alice/cut/tags').expect(200)).body).toEqual({});
    const { v1_problem: problem } = await server.ctx.db('manifests').where({ digest: manifest.digest }).first();
    expect(problem).toBe('one of its layers cannot be read: damaged zstd data');
    await asUser(server, 'get', '/v2/alice/cut/manifests/latest').expect(200);
  });

  it('does not keep other tags from clients while its bytes are lost', async () => {
    const whole = await push('lost', { tag: 'whole', encode: gzipSync });
    const lost = await push('lost', { tag: 'lost' });
    const bytes = await asUser(server, 'get', `/v2/alice/lost/blobs/${lost.layers[0]!.digest}`).buffer().expect(200);
    const image = createImage({ layer: bytes.body as Buffer });
    await DAMAGES.missing({ db: server.ctx.db, blobDir: server.blobDir }, image);
    await getV1('repositories/alice/lost/tags/lost').expect(503);
    expect((await getV1('repositories/alice/lost/tags').expect(200)).body).toEqual({ whole: hex(whole.config.digest) });
  });

  it('gets a layer in gzip that a disk has lost again with the next push', async () => {
    const { config, layers } = await push('repaired', { layers: 1 });
    await derive();
    const top = hex(config.digest);
    const twin = await layerOf(top);
    await DAMAGES.missing({ db: server.ctx.db, blobDir: server.blobDir }, createImage({ layer: twin }));
    await getV1(`images/${top}/layer`).expect(503);
    await pushManifest(server, 'alice/repaired', 'latest', imageOf(config, layers));
    expect((await getV1('repositories/alice/repaired/tags/latest').expect(200)).body).toBe(top);
    await derive();
    expect(await layerOf(top)).toEqual(twin);
  });

  it('keeps its layers in gzip from the garbage collection as long as the others', async () => {
    const { config } = await push('kept');
    await derive();
    const age = async (): Promise<void> => {
      const { db } = server.ctx;
      await db('manifests').update({ tagged_at: '2020-01-01' });
      await db('repository_images').update({ announced_at: '2020-01-01' });
      await db('repository_blobs').update({ linked_at: '2020-01-01' });
      await db('blobs').update({ referenced_at: '2020-01-01' });
    };
    const collect = () => collectGarbage(server.ctx, { olderThanMs: 1000, dryRun: false, doer: OPERATOR });
    await age();
    await collect();
    expect(await layerOf(hex(config.digest))).not.toHaveLength(0);
    await asUser(server, 'delete', '/v2/alice/kept/manifests/latest').expect(202);
    const twins = () => server.ctx.db('blobs').whereNotNull('twin_digest').select('digest');
    const before = await twins();
    await age();
    await collect();
    expect(before.length - (await twins()).length).toBe(2);
    await getV1(`images/${hex(config.digest)}/layer`).expect(404);
  });
});

describe('the plan of a namespace', () => {
  it('has no room taken by copies in gzip', async () => {
    const used = () => sumBytes(server.ctx.db, server.ctx.blobReferrers, 'alice');
    await push('charged', { layers: 1 });
    const before = await used();
    await derive();
    expect(await used()).toBe(before);
  });
});

describe('looking for images to derive', () => {
  it('is one query if there are none', async () => {
    await push('hidden', { config: { rootfs: undefined } });
    await derive();
    const { result, statements } = await recordStatements(server.ctx.db, derive);
    expect([result, statements]).toEqual([0, [expect.stringContaining('from pending_images')]]);
  });

  it('takes nothing from the most frequent read of all', async () => {
    await push('read', { encode: gzipSync });
    const list = () => getV1('repositories/alice/read/tags').expect(200);
    await list();
    const { statements } = await recordStatements(server.ctx.db, list);
    expect(statements).toHaveLength(1);
  });
});

describe('a client that waits for layers to be unpacked', () => {
  it('gets the advice to come back after a time, and the work goes on', async () => {
    let end = (): void => undefined;
    const work = new Promise<void>((resolve) => (end = resolve));
    await expect(withinPatience(work, 1)).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 30 });
    end();
    await expect(withinPatience(work, 1)).resolves.toBeUndefined();
  });
});
