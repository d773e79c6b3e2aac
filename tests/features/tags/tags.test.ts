import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { createChain, startPush, uploadImage } from '../../helpers/images';
import { addManyTags } from '../../helpers/many-tags';
import { call, registryClient, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

describe('a tag that is set while gc runs', () => {
  it('either keeps its complete image or is refused', async () => {
    for (let round = 0; round < 25; round += 1) {
      const chain = createChain(2);
      const token = await startPush(server, 'alice/app', chain);
      for (const image of chain) await uploadImage(server, token, image);
      await server.ctx.db('repository_images').update({ announced_at: new Date(0) });
      await server.ctx.db('blobs').update({ referenced_at: new Date(0) });
      const put = (): Promise<[number, string]> =>
        reply(
          call(server, 'put', `/v1/repositories/alice/app/tags/t${round}`, {
            authorization: token,
            body: `"${chain[1]!.id}"`,
          }),
        );
      await server.ctx.db('pushes').update({ seen_at: new Date(0) });
      const [answer] = await Promise.all([
        put(),
        collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 60_000, dryRun: false }),
      ]);
      const isSet = answer[0] === 200;
      expect(isSet ? [200, 'true'] : [404, '{"error":"Image not found"}']).toEqual(answer);
      const client = registryClient(server, token);
      for (const image of chain) {
        const { status, bytes } = await client.get(image.id, 'layer');
        expect([round, status]).toEqual([round, isSet ? 200 : 404]);
        if (isSet) expect(bytes).toEqual(image.layer);
      }
    }
  });
});

describe('many tags', () => {
  it('are returned sorted, even ten thousand of them', async () => {
    const [image] = createChain(1);
    const token = await startPush(server, 'alice/many', [image!]);
    await uploadImage(server, token, image!);
    await server.ctx.db.raw(
      `insert into tags (repository_id, name, image_id)
       select r.id, 't' || n, ? from repositories r, generate_series(1, 10000) n where r.name = 'many'`,
      [image!.id],
    );
    const { status, text } = await call(server, 'get', '/v1/repositories/alice/many/tags', { authorization: token });
    const tags = JSON.parse(text) as Record<string, string>;
    expect([status, Object.keys(tags).length, new Set(Object.values(tags)).size]).toEqual([200, 10_000, 1]);
    expect(Object.keys(tags)).toEqual([...Object.keys(tags)].sort());
  });
});

describe('one tag more than a hundred thousand', () => {
  it('is refused with a sentence, until another one is deleted; existing tags can still be moved', async () => {
    const images = [createChain(1)[0]!, createChain(1)[0]!];
    const token = await startPush(server, 'alice/full', images);
    for (const image of images) await uploadImage(server, token, image);
    await addManyTags(server.ctx.db, 'full', { count: 99_999, nameSql: "'t' || n", imageId: images[0]!.id });
    const put = (tag: string, authorization = token) =>
      reply(
        call(server, 'put', `/v1/repositories/alice/full/tags/${tag}`, {
          authorization,
          body: JSON.stringify(images[1]!.id),
        }),
      );
    expect(await put('t100000')).toEqual([200, 'true']);
    expect(await put('t100001')).toEqual([409, '{"error":"The repository has 100000 tags, and cannot have more"}']);
    expect(await put('t1')).toEqual([200, 'true']);
    const gone = call(server, 'delete', '/v1/repositories/alice/full/tags/t2', { authorization: basic('alice') });
    expect(await reply(gone)).toEqual([200, 'true']);
    expect(await put('t100001')).toEqual([200, 'true']);
    expect(await put('t100002')).toEqual([409, '{"error":"The repository has 100000 tags, and cannot have more"}']);
  });
});
