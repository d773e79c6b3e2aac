import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { insertContent, type UploadRow } from '../../../src/features/images/uploads.store';
import { inTransaction } from '../../../src/platform/db/db';
import { createChain, createImage, pushImages, startPush, uploadImage } from '../../helpers/images';
import { call, registryClient } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
});
afterAll(() => server.close());

async function contentOf(imageId: string): Promise<UploadRow> {
  const row: unknown = await server.ctx.db('image_contents').where({ image_id: imageId }).first();
  return row as UploadRow;
}

describe('linking at the same time as other work', () => {
  it('does not wait for a push that completes the same content at this moment', async () => {
    const image = createImage();
    await pushImages(server, 'alice/source', [image]);
    const push = registryClient(server, await startPush(server, 'alice/target', [image]));
    const content = await contentOf(image.id);
    const status = await inTransaction(server.ctx.db, async (tx) => {
      await insertContent(tx, content); // like the end of another push that has not committed yet
      return (await push.get(image.id, 'json')).status;
    });
    expect(status).toBe(200);
  });

  it('links all of a chain or nothing, while gc deletes the source', async () => {
    for (let round = 0; round < 15; round += 1) {
      const chain = createChain(3);
      const source = `carol/source${round}`;
      const target = `carol/target${round}`;
      await pushImages(server, source, chain, { user: 'carol' });
      await call(server, 'delete', `/v1/repositories/${source}/tags/latest`, { authorization: basic('carol') });
      const token = await startPush(server, target, chain, 'carol');
      const push = registryClient(server, token);
      await server.ctx
        .db('repository_images as i')
        .whereIn(
          'i.repository_id',
          server.ctx
            .db('repositories')
            .select('id')
            .where({ name: `source${round}` }),
        )
        .update({ announced_at: new Date(0) });
      await server.ctx.db('blobs').update({ referenced_at: new Date(0) });
      const [probe] = await Promise.all([
        push.get(chain[2]!.id, 'json'),
        collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 60_000, dryRun: false }),
      ]);
      expect([200, 404]).toContain(probe.status);
      for (const image of chain) {
        if ((await push.get(image.id, 'json')).status !== 200) await uploadImage(server, token, image);
        expect((await push.get(image.id, 'layer')).bytes).toEqual(image.layer);
      }
      const ids = chain.map((image) => image.id).reverse();
      expect(JSON.parse((await push.get(ids[0]!, 'ancestry')).text)).toEqual(ids);
    }
  });
});
