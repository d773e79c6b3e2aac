import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { storeLayer, getUploadForLayer } from '../../../src/features/images/uploads';
import { sweep } from '../../../src/jobs';
import { keepPushAlive } from '../../../src/features/pushes/pushes';
import { issueToken, readToken } from '../../../src/features/tokens/token';
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
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

/** Makes all events older, as if this time had passed. */
async function letPass(hours: number): Promise<void> {
  const back = `interval '${hours} hours'`;
  await server.ctx.db.raw(`update repository_images set announced_at = announced_at - ${back}`);
  await server.ctx.db.raw(`update blobs set referenced_at = referenced_at - ${back}`);
  await server.ctx.db.raw(`update uploads set updated_at = updated_at - ${back}`);
  await server.ctx.db.raw(`update pushes set seen_at = seen_at - ${back}, started_at = started_at - ${back}`);
}

const gc = () => collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun: false });
const freed = async (): Promise<number> => (await gc()).reduce((sum, { images }) => sum + images, 0);

const tag = (repository: string, image: TestImage, authorization: string) =>
  reply(call(server, 'put', `/v1/repositories/${repository}/tags/latest`, { authorization, body: `"${image.id}"` }));

const end = (repository: string) =>
  call(server, 'put', `/v1/repositories/${repository}/images`, { authorization: basic('alice'), body: '[]' });

it('images that a push has uploaded stay until they are tagged, even without a minimum age (R46)', async () => {
  const chain = createChain(3);
  const token = await startPush(server, 'alice/near', chain);
  for (const image of chain) {
    await uploadImage(server, token, image);
    expect(await freed()).toBe(0);
  }
  expect(await tag('alice/near', chain[2]!, token)).toEqual([200, 'true']);
  expect((await end('alice/near')).status).toBe(204);
  expect(await freed()).toBe(0);
  expect(await server.ctx.db('pushes')).toEqual([]);
});

it.each([['a token'], ['Basic']])(
  'a push with %s that takes three days, with a sign of life now and then, keeps all images that it uploaded (R46)',
  async (how) => {
    const repository = `alice/slow${how === 'Basic' ? 1 : 0}`;
    const chain = createChain(4);
    const token = await startPush(server, repository, chain);
    const credentials = how === 'Basic' ? basic('alice') : token;
    for (const image of chain) {
      await uploadImage(server, credentials, image);
      await letPass(20);
      expect(await freed()).toBe(0);
      await sweep(server.ctx, 72 * HOUR_MS);
    }
    expect(await tag(repository, chain[3]!, credentials)).toEqual([200, 'true']);
    await end(repository);
    const pull = registryClient(server, await startPull(server, repository));
    for (const image of chain) expect((await pull.get(image.id, 'layer')).bytes).toEqual(image.layer);
  },
);

it('a layer that takes 30 hours survives gc and sweeps, with the images that were pushed before it (R46)', async () => {
  const [base, slow] = createChain(2) as [TestImage, TestImage];
  const token = await startPush(server, 'alice/line', [base, slow]);
  const client = registryClient(server, token);
  await uploadImage(server, token, base);
  expect(await reply(client.putJson(slow.id, slow.json))).toEqual([200, 'true']);
  const reading = readToken(server.ctx.tokenKey, token.slice('Token '.length));
  if (reading.kind !== 'valid') throw new Error('the token is not valid');
  const actor = { kind: 'token' as const, address: '127.0.0.1', ...reading.claims };
  const half = slow.layer.length / 2;
  async function* thirtyHours(): AsyncIterable<Buffer> {
    yield slow.layer.subarray(0, half);
    for (let hour = 0; hour < 30; hour += 1) {
      await letPass(1);
      // What happens in each minute while a layer arrives.
      await signs();
      expect(await freed()).toBe(0);
      expect(await sweep(server.ctx, 3 * HOUR_MS)).toMatchObject({ uploads: 0, blobs: 0 });
    }
    yield slow.layer.subarray(half);
  }
  const upload = await getUploadForLayer(server.ctx, actor, slow.id);
  async function signs(): Promise<void> {
    async function* byte(): AsyncIterable<Buffer> {
      yield Buffer.alloc(1);
    }
    // Another attempt at the same layer, which is given up: its first byte is a sign of life.
    const broken = (async function* (): AsyncIterable<Buffer> {
      yield* byte();
      await server.ctx.db('uploads').where({ id: upload.id }).first();
      throw new Error('the line broke');
    })();
    await expect(storeLayer(server.ctx, actor, upload, broken)).rejects.toThrow('the line broke');
    await seen();
  }
  /** Waits for the sign of life, which is recorded in the background. */
  async function seen(): Promise<void> {
    for (;;) {
      const { rows } = await server.ctx.db.raw<{ rows: unknown[] }>(
        `select 1 from pushes p join uploads x on x.id = ? where x.image_id = any (p.image_ids)
           and p.seen_at > now() - interval '30 minutes' and x.updated_at > now() - interval '30 minutes'`,
        [upload.id],
      );
      if (rows.length > 0) return;
    }
  }
  await storeLayer(server.ctx, actor, upload, thirtyHours());
  expect(await reply(client.putPayload(slow.id, slow.payload))).toEqual([200, 'true']);
  expect(await tag('alice/line', slow, token)).toEqual([200, 'true']);
  await end('alice/line');
  const pull = registryClient(server, await startPull(server, 'alice/line'));
  for (const image of [base, slow]) expect((await pull.get(image.id, 'layer')).bytes).toEqual(image.layer);
});

it('the token of a push outlasts a layer of 30 hours (R46)', () => {
  const repository = { namespace: 'alice', name: 'app' };
  const claims = { identity: undefined, repository, access: 'write' as const };
  const { text } = issueToken(server.ctx.tokenKey, claims, 0);
  expect(readToken(server.ctx.tokenKey, text, 40 * HOUR_MS).kind).toBe('valid');
});

it('a push without a sign of life for a day is given up, and the images that it uploaded are freed (R46)', async () => {
  const image = createImage();
  const token = await startPush(server, 'alice/dead', [image]);
  await uploadImage(server, token, image);
  await letPass(23);
  expect(await freed()).toBe(0);
  await letPass(2);
  expect(await freed()).toBe(1);
});

it('a push that ended does not protect any image, and the push of another account only protects those that it announced', async () => {
  const [kept, loose] = [createImage(), createImage()];
  await pushImages(server, 'alice/mixed', [kept]);
  await pushImages(server, 'alice/mixed', [loose]);
  await startPush(server, 'alice/mixed', [kept]);
  await call(server, 'delete', '/v1/repositories/alice/mixed/tags/latest', { authorization: basic('alice') });
  expect(await gc()).toEqual([expect.objectContaining({ name: 'mixed', images: 1 })]);
});

it('an opening that happens during gc is spared: both wait for each other (R46)', async () => {
  const image = createImage();
  await pushImages(server, 'alice/meet', [image]);
  await call(server, 'delete', '/v1/repositories/alice/meet/tags/latest', { authorization: basic('alice') });
  for (let round = 0; round < 6; round += 1) {
    const [token] = await Promise.all([startPush(server, 'alice/meet', [image]), gc()]);
    const client = registryClient(server, token);
    if ((await client.get(image.id, 'json')).status !== 200) await uploadImage(server, token, image);
    expect(await freed()).toBe(0);
    expect(await tag('alice/meet', image, token)).toEqual([200, 'true']);
    await end('alice/meet');
    await call(server, 'delete', '/v1/repositories/alice/meet/tags/latest', { authorization: basic('alice') });
  }
});

it('a sign of life that is recorded late does not revive a push that has ended', async () => {
  const image = createImage();
  const token = await startPush(server, 'alice/late', [image]);
  const reading = readToken(server.ctx.tokenKey, token.slice('Token '.length));
  if (reading.kind !== 'valid') throw new Error('the token is not valid');
  await uploadImage(server, token, image);
  expect(await tag('alice/late', image, token)).toEqual([200, 'true']);
  await end('alice/late');
  const { id } = (await server.ctx.db('repositories').where({ name: 'late' }).first()) as { id: number };
  await keepPushAlive(server.ctx, { kind: 'token', address: '127.0.0.1', ...reading.claims }, id, image.id);
  expect(await server.ctx.db('pushes').where({ repository_id: id })).toEqual([]);
});
