import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { filesBelow } from '../helpers/damage';
import { createImage, pushImages, startPull, startPush, uploadImage, type TestImage } from '../helpers/images';
import { call, registryClient, reply } from '../helpers/registry-client';
import { asUser, digestOf, startUpload } from '../helpers/v2-client';
import { openTightPlace, possibleWays, TIGHT_BYTES, type TightPlace, type Way } from './tight-place';

/*
 * When there is no room for a layer, it is refused with a 507 that says so, nothing of it stays, and everything else
 * continues.
 */

const MEGABYTE = 2 ** 20;
const NO_ROOM = [507, '{"error":"The storage is full: the disk has no room for this layer"}'];
const RESERVED = [507, '{"error":"The storage is full: the disk has no room for more layers"}'];
const OVER_LIMIT = [507, '{"error":"The storage is full: the layers have reached the limit of this server"}'];

const imageOf = (megabytes: number): TestImage => createImage({ layer: randomBytes(megabytes * MEGABYTE) });

let place: TightPlace;
const open = async (way: Way | undefined, environment: Record<string, string> = {}): Promise<void> => {
  place = await openTightPlace(way, environment);
};
afterEach(() => place.close());

/** Sends a layer as engines do, in chunks of unknown total, without waiting for anything. */
async function sendLayer(authorization: string, image: TestImage): Promise<[number | undefined, string]> {
  const headers = { Authorization: authorization, 'Transfer-Encoding': 'chunked' };
  const req = request(`${place.server.url}/v1/images/${image.id}/layer`, { method: 'PUT', headers });
  const answered = new Promise<[number | undefined, string]>((resolve, reject) => {
    req.on('response', (res) => void text(res).then((body) => resolve([res.statusCode, body]), reject));
    req.on('error', reject);
  });
  for (let at = 0; at < image.layer.length; at += 64 * 1024) req.write(image.layer.subarray(at, at + 64 * 1024));
  req.end();
  return answered;
}

/** A push that gets as far as the layer. */
async function refusedPush(image: TestImage): Promise<[number | undefined, string]> {
  const token = await startPush(place.server, 'alice/big', [image]);
  const push = registryClient(place.server, token);
  expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']);
  const answer = await sendLayer(token, image);
  expect((await push.get(image.id, 'json')).status).toBe(400); // still being uploaded, in docker's words
  expect(await filesBelow(place.blobDir, 'uploads')).toEqual([]);
  return answer;
}

/** Stored images can be pulled, and anything that needs no room can be pushed. */
async function expectLifeGoesOn(stored: TestImage): Promise<void> {
  const { server } = place;
  const pull = registryClient(server, await startPull(server, 'alice/app'));
  expect((await pull.get(stored.id, 'layer')).bytes.equals(stored.layer)).toBe(true);
  const token = await startPush(server, 'alice/app', [stored]);
  const tag = { authorization: token, body: JSON.stringify(stored.id) };
  expect(await reply(call(server, 'put', '/v1/repositories/alice/app/tags/again', tag))).toEqual([200, 'true']);
  expect((await call(server, 'get', '/v1/repositories/alice/app/tags', { authorization: token })).text).toBe(
    JSON.stringify({ again: stored.id, latest: stored.id }),
  );
  expect((await call(server, 'get', '/readyz')).status).toBe(200);
}

it.each(possibleWays())(
  'a layer that does not fit on %s leaves nothing behind, and the next one fits (R60)',
  async (way) => {
    await open(way);
    const stored = imageOf(2);
    await pushImages(place.server, 'alice/app', [stored]);
    for (let round = 0; round < 3; round += 1)
      expect(await refusedPush(imageOf(TIGHT_BYTES / MEGABYTE + 4))).toEqual(NO_ROOM);
    expect(await filesBelow(place.blobDir, 'sha256')).toHaveLength(1);
    await expectLifeGoesOn(stored);
    const fitting = imageOf(3);
    await uploadImage(place.server, await startPush(place.server, 'alice/app', [fitting]), fitting);
    expect(await filesBelow(place.blobDir, 'sha256')).toHaveLength(2);
  },
);

it('a blob of v2 that does not fit is refused with 507, and the upload continues with one that does (R60)', async () => {
  await open(possibleWays()[0]);
  const location = await startUpload(place.server, 'alice/app');
  const begin = randomBytes(MEGABYTE);
  await asUser(place.server, 'patch', location).send(begin).expect(202);
  const { status, body } = await asUser(place.server, 'patch', location).send(randomBytes(TIGHT_BYTES + 4 * MEGABYTE));
  const message = 'The storage is full: the disk has no room for this layer';
  expect([status, body.errors]).toEqual([507, [{ code: 'UNKNOWN', message, detail: null }]]);
  const { headers } = await asUser(place.server, 'get', location).expect(204);
  expect(headers['range']).toBe(`0-${MEGABYTE - 1}`);
  await asUser(place.server, 'put', `${location}?digest=${digestOf(begin)}`).expect(201);
});

it('simultaneous layers that do not fit together are refused cleanly, and those that fit are whole (R61)', async () => {
  const [way] = possibleWays();
  await open(way);
  const images = Array.from({ length: 6 }, () => imageOf(3));
  const answers = await Promise.all(
    images.map(async (image) => {
      const token = await startPush(place.server, 'alice/app', [image]);
      const push = registryClient(place.server, token);
      await push.putJson(image.id, image.json);
      const answer = await sendLayer(token, image);
      if (answer[0] === 200) expect(await reply(push.putPayload(image.id, image.payload))).toEqual([200, 'true']);
      return answer;
    }),
  );
  for (const answer of answers) expect([[200, 'true'], NO_ROOM]).toContainEqual(answer);
  const taken = answers.filter(([status]) => status === 200);
  expect(taken.length).toBeLessThanOrEqual(way === 'a small disk' ? 2 : images.length);
  const pull = registryClient(place.server, await startPull(place.server, 'alice/app'));
  for (const [index, image] of images.entries()) {
    if (answers[index]![0] !== 200) continue;
    expect((await pull.get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
  }
  expect(await filesBelow(place.blobDir, 'uploads')).toEqual([]);
});

it('a layer is refused before its first byte when less than DRYDOCK_STORAGE_RESERVE is free (R62)', async () => {
  await open(undefined, { DRYDOCK_STORAGE_RESERVE: '100000t' });
  const image = imageOf(1);
  const token = await startPush(place.server, 'alice/app', [image]);
  await registryClient(place.server, token).putJson(image.id, image.json);
  const headers = { Authorization: token, 'Transfer-Encoding': 'chunked' };
  const req = request(`${place.server.url}/v1/images/${image.id}/layer`, { method: 'PUT', headers });
  req.flushHeaders();
  const answered = new Promise((resolve) => {
    req.on('response', (res) => {
      res.once('data', (chunk: Buffer) => resolve([res.statusCode, chunk.toString()]));
    });
  });
  req.on('error', () => undefined);
  expect(await answered).toEqual(RESERVED);
  req.destroy();
});

it('a layer that crosses DRYDOCK_STORAGE_LIMIT is refused during its upload, and one that fits is stored (R63)', async () => {
  await open(undefined, { DRYDOCK_STORAGE_LIMIT: '6m' });
  const stored = imageOf(2);
  await pushImages(place.server, 'alice/app', [stored]);
  expect(await refusedPush(imageOf(30))).toEqual(OVER_LIMIT);
  expect(await refusedPush(imageOf(5))).toEqual(OVER_LIMIT);
  await expectLifeGoesOn(stored);
  const fitting = imageOf(4);
  await uploadImage(place.server, await startPush(place.server, 'alice/app', [fitting]), fitting);
  expect(await refusedPush(imageOf(1))).toEqual(OVER_LIMIT); // it is full to the last byte
});
