import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Freed } from '../../../src/features/images/gc-progress';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import {
  createChain,
  createImage,
  pushImages,
  startPull,
  startPush,
  uploadImage,
  type TestImage,
} from '../../helpers/images';
import { call, registryClient, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const HOUR_MS = 3_600_000;

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
});
afterEach(() => server.close());

/** Makes everything that was pushed so far two hours old. */
async function age(): Promise<void> {
  const then = new Date(Date.now() - 2 * HOUR_MS);
  await server.ctx.db('repository_images').update({ announced_at: then });
  await server.ctx.db('blobs').update({ referenced_at: then });
  await server.ctx.db('uploads').update({ updated_at: then });
  await server.ctx.db('pushes').update({ seen_at: new Date(0) });
}

const gc = (dryRun = false): Promise<Freed[]> =>
  collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: HOUR_MS, dryRun });

async function storedFiles(): Promise<number> {
  const entries = await readdir(path.join(server.blobDir, 'sha256'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

async function untag(repository: string, user = 'alice'): Promise<void> {
  const where = `/v1/repositories/${repository}/tags/latest`;
  expect((await call(server, 'delete', where, { authorization: basic(user) })).status).toBe(200);
}

async function layerOf(repository: string, image: TestImage, user?: string): Promise<Buffer | number> {
  const answer = await registryClient(server, await startPull(server, repository, user)).get(image.id, 'layer');
  return answer.status === 200 ? answer.bytes : answer.status;
}

const sized = (sizeBytes: number, parent?: string): TestImage =>
  createImage({ layer: Buffer.alloc(sizeBytes, createImage().id), ...(parent === undefined ? {} : { parent }) });

describe('collectGarbage', () => {
  it('frees images that no tag reaches, and reports them per repository', async () => {
    const [base, top] = [sized(100), sized(50)];
    await pushImages(server, 'alice/one', [base, top]);
    await pushImages(server, 'carol/two', [sized(7)], { user: 'carol' });
    await pushImages(server, 'alice/kept', [sized(9)]);
    await untag('alice/one');
    await untag('carol/two', 'carol');
    await age();
    expect(await gc()).toEqual([
      { namespace: 'alice', name: 'one', images: 2, manifests: 0, blobs: 2, bytes: 150 },
      { namespace: 'carol', name: 'two', images: 1, manifests: 0, blobs: 1, bytes: 7 },
    ]);
    expect(await storedFiles()).toBe(1);
    expect(await layerOf('alice/one', base)).toBe(404);
    expect(await server.ctx.db('image_contents').count()).toEqual([{ count: 1 }]);
    expect(await server.ctx.db('blobs').count()).toEqual([{ count: 1 }]);
    expect(await gc()).toEqual([]);
  });

  it('frees nothing in a dry run, and reports the numbers that the run then has', async () => {
    const shared = sized(30);
    await pushImages(server, 'alice/one', [shared, sized(5)]);
    await pushImages(server, 'carol/two', [shared, sized(6)], { user: 'carol' });
    await untag('alice/one');
    await untag('carol/two', 'carol');
    await age();
    const trial = await gc(true);
    expect(trial).toEqual([
      { namespace: 'alice', name: 'one', images: 2, manifests: 0, blobs: 1, bytes: 5 },
      { namespace: 'carol', name: 'two', images: 2, manifests: 0, blobs: 2, bytes: 36 },
    ]);
    expect(await storedFiles()).toBe(3);
    expect(await layerOf('alice/one', shared)).toEqual(shared.layer);
    expect(await gc()).toEqual(trial);
    expect(await storedFiles()).toBe(0);
  });

  it('keeps images that a tag reaches: the image and all its ancestors', async () => {
    const chain = createChain(4);
    await pushImages(server, 'alice/app', chain);
    const loose = sized(3);
    await uploadImage(server, await startPush(server, 'alice/app', [loose]), loose);
    await age();
    expect(await gc()).toEqual([{ namespace: 'alice', name: 'app', images: 1, manifests: 0, blobs: 1, bytes: 3 }]);
    for (const image of chain) expect(await layerOf('alice/app', image)).toEqual(image.layer);
    expect(await layerOf('alice/app', loose)).toBe(404);
  });

  it('keeps images that were announced lately, with their ancestors (R46)', async () => {
    const [base, top] = createChain(2);
    await pushImages(server, 'alice/app', [base!, top!]);
    await untag('alice/app');
    await age();
    await startPush(server, 'alice/app', [top!]);
    expect(await gc()).toEqual([]);
    expect(await layerOf('alice/app', base!)).toEqual(base!.layer);
    expect(await layerOf('alice/app', top!)).toEqual(top!.layer);
  });

  it('keeps bytes that another repository has under another id', async () => {
    const image = sized(40);
    const twin = createImage({ layer: image.layer });
    await pushImages(server, 'alice/app', [image]);
    await pushImages(server, 'carol/app', [twin], { user: 'carol' });
    await untag('alice/app');
    await age();
    expect(await gc()).toEqual([{ namespace: 'alice', name: 'app', images: 1, manifests: 0, blobs: 0, bytes: 0 }]);
    expect(await layerOf('carol/app', twin)).toEqual(image.layer);
  });

  it('lets a push finish that began long ago and is still in progress (R46)', async () => {
    const [base, top] = createChain(2);
    const token = await startPush(server, 'alice/app', [base!, top!]);
    const push = registryClient(server, token);
    await uploadImage(server, token, base!);
    await push.putJson(top!.id, top!.json);
    await push.putLayer(top!.id, top!.layer);
    await age();
    expect(await gc()).toEqual([]);
    expect(await reply(push.putPayload(top!.id, top!.payload))).toEqual([200, 'true']);
    const tagged = call(server, 'put', '/v1/repositories/alice/app/tags/latest', {
      authorization: token,
      body: `"${top!.id}"`,
    });
    expect(await reply(tagged)).toEqual([200, 'true']);
    expect(await layerOf('alice/app', base!)).toEqual(base!.layer);
  });

  it('does not touch a blob that an upload has pointed to since', async () => {
    const image = sized(60);
    await pushImages(server, 'alice/app', [image]);
    await untag('alice/app');
    await age();
    const other = createImage({ layer: image.layer });
    const token = await startPush(server, 'carol/app', [other], 'carol');
    const push = registryClient(server, token);
    await push.putJson(other.id, other.json);
    await push.putLayer(other.id, other.layer);
    expect(await gc()).toEqual([{ namespace: 'alice', name: 'app', images: 1, manifests: 0, blobs: 0, bytes: 0 }]);
    expect(await reply(push.putPayload(other.id, other.payload))).toEqual([200, 'true']);
    expect(await layerOf('carol/app', other)).toEqual(image.layer);
  });

  it('never leaves an image incomplete during pushes that announce the same images again (R46)', async () => {
    const chain = createChain(3);
    await pushImages(server, 'alice/app', chain);
    for (let round = 0; round < 10; round += 1) {
      await untag('alice/app');
      await age();
      const push = async (): Promise<string> => {
        const token = await startPush(server, 'alice/app', chain);
        const client = registryClient(server, token);
        for (const image of chain) {
          if ((await client.get(image.id, 'json')).status !== 200) await uploadImage(server, token, image);
        }
        return token;
      };
      const [token] = await Promise.all([push(), gc(), gc()]);
      const tagged = call(server, 'put', '/v1/repositories/alice/app/tags/latest', {
        authorization: token,
        body: `"${chain[2]!.id}"`,
      });
      expect([round, ...(await reply(tagged))]).toEqual([round, 200, 'true']);
      for (const image of chain) expect(await layerOf('alice/app', image)).toEqual(image.layer);
    }
  });
});
