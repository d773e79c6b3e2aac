import { randomBytes } from 'node:crypto';
import { DAMAGES, filesBelow, layerDigest, type LayerPlace } from '../../helpers/damage';
import {
  createChain,
  createImage,
  payloadOf,
  pushImages,
  startPull,
  startPush,
  type TestImage,
} from '../../helpers/images';
import { call, errorText, registryClient, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { scrub } from '../../../src/features/storage/scrub';

/*
 * A layer whose bytes are missing or wrong: the answers of a pull, and the push of the same image that repairs it. An
 * engine asks for the json first, and uploads only what does not exist (protocol 4.1).
 */

const DAMAGED: [number, string] = [
  503,
  '{"error":"The layer is damaged on the server: push the image again to repair it"}',
];
const NOT_THERE: [number, string] = [404, '{"error":"Image not found"}'];

let server: TestServer;
let place: LayerPlace;
beforeEach(async () => {
  server = await startTestServer();
  place = { db: server.ctx.db, blobDir: server.blobDir };
  for (const name of ['alice', 'carol']) await addUser(server, name);
});
afterEach(() => server.close());

const pullOf = async (repository: string) => registryClient(server, await startPull(server, repository));
const pushOf = async (repository: string, image: TestImage, user = 'alice') =>
  registryClient(server, await startPush(server, repository, [image], user));

async function scrubAll(): Promise<void> {
  await scrub(server.ctx, { olderThanMs: 0, bytesPerSecond: undefined });
}

async function pushed(): Promise<TestImage> {
  const image = createImage({ layer: randomBytes(50_000) });
  await pushImages(server, 'alice/app', [image]);
  return image;
}

describe('a pull', () => {
  it('gets the right bytes or none, after a scrub that found wrong ones (R51)', async () => {
    const image = await pushed();
    await DAMAGES['wrong bytes'](place, image);
    await scrubAll();
    const pull = await pullOf('alice/app');
    expect(await reply(pull.get(image.id, 'layer'))).toEqual(DAMAGED);
    expect(await reply(pull.get(image.id, 'layer', { Range: 'bytes=0-9' }))).toEqual(DAMAGED);
    expect(await reply(pull.get(image.id, 'files'))).toEqual(DAMAGED);
    expect((await pull.head(image.id, 'layer')).status).toBe(503);
  });

  it.each(['wrong size', 'missing'] as const)('detects by itself that the layer has the %s', async (damage) => {
    const image = await pushed();
    await DAMAGES[damage](place, image);
    const pull = await pullOf('alice/app');
    expect(await reply(pull.get(image.id, 'layer'))).toEqual(DAMAGED);
    expect(await server.ctx.db('blobs').select('damage')).toEqual([{ damage }]);
    expect(await filesBelow(server.blobDir, 'quarantine')).toHaveLength(damage === 'missing' ? 0 : 1);
    expect(await reply(pull.get(image.id, 'layer', { Range: 'bytes=0-9' }))).toEqual(DAMAGED);
  });

  it('can still read json and ancestry (R51)', async () => {
    const [base, top] = createChain(2) as [TestImage, TestImage];
    await pushImages(server, 'alice/app', [base, top]);
    await DAMAGES.missing(place, base);
    await scrubAll();
    const pull = await pullOf('alice/app');
    for (const image of [base, top]) {
      const answer = await pull.get(image.id, 'json');
      expect([answer.status, answer.text]).toEqual([200, image.json.toString()]);
      expect(answer.headers['x-docker-size']).toBe('2000');
    }
    expect(await reply(pull.get(top.id, 'ancestry'))).toEqual([200, JSON.stringify([top.id, base.id])]);
    expect((await pull.get(top.id, 'layer')).bytes.equals(top.layer)).toBe(true);
  });

  it('with Basic can read the json too, until a push has listed the image again', async () => {
    const image = await pushed();
    await DAMAGES.missing(place, image);
    await scrubAll();
    const owner = registryClient(server, basic('alice'));
    expect((await owner.get(image.id, 'json')).status).toBe(200);
    await startPush(server, 'alice/app', [image]);
    expect(await reply(owner.get(image.id, 'json'))).toEqual(NOT_THERE);
    expect((await registryClient(server).get(image.id, 'json')).status).toBe(200); // others do not push
  });
});

describe('a push', () => {
  it('of the same image repairs the layer, for every repository that has it (R52)', async () => {
    const image = await pushed();
    const stranger = createImage({ layer: image.layer });
    await pushImages(server, 'carol/app', [stranger], { user: 'carol' });
    await DAMAGES['wrong bytes'](place, image);
    await scrubAll();
    const push = await pushOf('alice/app', image);
    expect(await reply(push.get(image.id, 'json'))).toEqual(NOT_THERE);
    expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']);
    expect(await reply(push.putLayer(image.id, image.layer))).toEqual([200, 'true']);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([200, 'true']);
    expect((await push.get(image.id, 'json')).status).toBe(200);
    expect((await (await pullOf('alice/app')).get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
    expect((await (await pullOf('carol/app')).get(stranger.id, 'layer')).bytes.equals(image.layer)).toBe(true);
    expect(await server.ctx.db('uploads').select('id')).toEqual([]);
    expect(await reply(push.putJson(image.id, image.json))).toEqual([409, errorText('Image already exists')]);
  });

  it('with Basic on every request repairs it too (R52)', async () => {
    const image = await pushed();
    await DAMAGES.missing(place, image);
    await scrubAll();
    await startPush(server, 'alice/app', [image]);
    const push = registryClient(server, basic('alice'));
    expect(await reply(push.get(image.id, 'json'))).toEqual(NOT_THERE);
    expect(await reply(push.putLayer(image.id, image.layer))).toEqual(NOT_THERE); // the json comes first
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual(NOT_THERE);
    expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']);
    expect(await reply(push.putLayer(image.id, image.layer))).toEqual([200, 'true']);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([200, 'true']);
    expect((await (await pullOf('alice/app')).get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
  });

  it('of another repository in the namespace links the image, and has to upload its layer (R52)', async () => {
    const image = await pushed();
    await DAMAGES.missing(place, image);
    await scrubAll();
    const push = await pushOf('alice/other', image);
    expect(await reply(push.get(image.id, 'json'))).toEqual(NOT_THERE);
    expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']);
    expect(await reply(push.putLayer(image.id, image.layer))).toEqual([200, 'true']);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([200, 'true']);
    for (const repository of ['alice/app', 'alice/other']) {
      expect((await (await pullOf(repository)).get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
    }
  });

  it('of the same json with a recompressed layer repairs only the pusher’s repository (R53)', async () => {
    const image = await pushed();
    await pushImages(server, 'carol/app', [image], { user: 'carol' });
    await DAMAGES.missing(place, image);
    await scrubAll();
    const packedAnew = { ...image, layer: randomBytes(60_000) };
    const push = await pushOf('alice/app', packedAnew);
    expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']);
    expect(await reply(push.putLayer(image.id, packedAnew.layer))).toEqual([200, 'true']);
    expect(await reply(push.putPayload(image.id, payloadOf(image.json, packedAnew.layer)))).toEqual([200, 'true']);
    const mended = await pullOf('alice/app');
    expect((await mended.get(image.id, 'layer')).bytes.equals(packedAnew.layer)).toBe(true);
    expect((await mended.get(image.id, 'json')).headers['x-docker-size']).toBe('60000');
    expect(await reply((await pullOf('carol/app')).get(image.id, 'layer'))).toEqual(DAMAGED);
  });

  it('of another json does not replace a damaged image (R53)', async () => {
    const image = await pushed();
    await DAMAGES.missing(place, image);
    await scrubAll();
    const other = createImage({ id: image.id, note: 'another' });
    const push = await pushOf('alice/app', other);
    await push.putJson(other.id, other.json);
    await push.putLayer(other.id, other.layer);
    expect(await reply(push.putPayload(other.id, other.payload))).toEqual([
      409,
      errorText('Cannot set this image checksum'),
    ]);
    expect((await (await pullOf('alice/app')).get(image.id, 'json')).text).toBe(image.json.toString());
  });

  it.each(['wrong size', 'missing'] as const)(
    'that brings the bytes of a layer which has the %s on the disk repairs it, although the damage was unknown (R54)',
    async (damage) => {
      const image = await pushed();
      await DAMAGES[damage](place, image);
      const stranger = createImage({ layer: image.layer });
      await pushImages(server, 'carol/app', [stranger], { user: 'carol' });
      expect((await (await pullOf('carol/app')).get(stranger.id, 'layer')).bytes.equals(image.layer)).toBe(true);
      expect((await (await pullOf('alice/app')).get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
      expect(await filesBelow(server.blobDir, 'sha256')).toHaveLength(1);
    },
  );

  it('whose layer is damaged before its checksum comes does not complete the image (R55)', async () => {
    const image = createImage();
    const push = await pushOf('alice/app', image);
    await push.putJson(image.id, image.json);
    await push.putLayer(image.id, image.layer);
    await DAMAGES['wrong bytes'](place, image);
    await scrubAll();
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual(DAMAGED);
    expect(await reply(push.putLayer(image.id, image.layer))).toEqual([200, 'true']); // again
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([200, 'true']);
    expect((await push.get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
  });

  it('is refused to a user who may only read', async () => {
    const image = await pushed();
    await DAMAGES.missing(place, image);
    await scrubAll();
    const reader = registryClient(server, await startPull(server, 'alice/app', 'carol'));
    expect((await reader.get(image.id, 'json')).status).toBe(200);
    const statuses = [
      (await reader.putJson(image.id, image.json)).status,
      (await call(server, 'put', `/v1/images/${image.id}/layer`, { body: image.layer })).status,
      (await registryClient(server, basic('carol')).putLayer(image.id, image.layer)).status,
    ];
    expect(statuses).toEqual([401, 401, 404]);
    expect(
      await server.ctx
        .db('blobs')
        .where({ digest: layerDigest(image) })
        .select('damage'),
    ).toEqual([{ damage: 'missing' }]);
  });
});
