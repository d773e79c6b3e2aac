import { randomBytes } from 'node:crypto';
import { createImage, payloadOf, pushImages, startPull, startPush, type TestImage } from '../../helpers/images';
import { errorText, registryClient, reply, type RegistryClient } from '../../helpers/registry-client';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const NOT_FOUND = errorText('Image not found');
const UNAUTHORIZED = [401, errorText('Requires authorization')];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
});
afterAll(() => server.close());

describe('GET /v1/images/<id>/layer (protocol 4.4)', () => {
  const layer = randomBytes(3_000_000);
  const size = layer.length;
  const image = createImage({ layer });
  let pull: RegistryClient;
  beforeAll(async () => {
    await pushImages(server, 'alice/get', [image]);
    pull = registryClient(server, await startPull(server, 'alice/get'));
  });

  it('answers the stored bytes (E19)', async () => {
    const answer = await pull.get(image.id, 'layer');
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(layer)).toBe(true);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(size),
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=31536000',
      'last-modified': 'Thu, 01 Jan 1970 00:00:00 GMT',
    });
    expect(answer.headers['content-range']).toBeUndefined();
  });

  it('never encodes them, whatever the client accepts (E19)', async () => {
    const text = createImage({ layer: Buffer.alloc(100_000, 'compress me ') });
    await pushImages(server, 'alice/text', [text]);
    const client = registryClient(server, await startPull(server, 'alice/text'));
    const answer = await client.get(text.id, 'layer', { 'Accept-Encoding': 'gzip, br' });
    expect([answer.headers['content-encoding'], answer.bytes.equals(text.layer)]).toEqual([undefined, true]);
  });

  it.each<[string, [number, number]]>([
    ['bytes=0-0', [0, 0]],
    ['bytes=10-19', [10, 19]],
    [`bytes=10-${size}`, [10, size - 1]],
    [`bytes=${size - 1}-${size}`, [size - 1, size - 1]],
    ['bytes=1000-', [1000, size - 1]],
    [`bytes=5-${'9'.repeat(30)}`, [5, size - 1]],
    ['bytes=-7', [size - 7, size - 1]],
    [`bytes=-${size + 100}`, [0, size - 1]],
    ['Bytes=1-2', [1, 2]],
  ])('answers 206 to Range: %s', async (range, [start, end]) => {
    const answer = await pull.get(image.id, 'layer', { Range: range });
    expect(answer.status).toBe(206);
    expect(answer.headers).toMatchObject({
      'content-range': `bytes ${start}-${end}/${size}`,
      'content-length': String(end - start + 1),
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
    });
    expect(answer.bytes.equals(layer.subarray(start, end + 1))).toBe(true);
  });

  it.each([`bytes=${size}-${size}`, `bytes=${size}-`, `bytes=${size + 5}-${size + 9}`, 'bytes=-0'])(
    'answers 416 without a body to Range: %s (E18)',
    async (range) => {
      const answer = await pull.get(image.id, 'layer', { Range: range });
      expect([answer.status, answer.text]).toEqual([416, '']);
      expect(answer.headers).toMatchObject({ 'content-range': `bytes */${size}`, 'content-length': '0' });
      expect(answer.headers['cache-control']).toBe('no-cache');
    },
  );

  it.each(['bytes=0-1,5-6', 'bytes=9-3', 'bytes=a-b', 'bytes=', 'bytes=-', 'items=0-1', '0-1'])(
    'ignores Range: %s',
    async (range) => {
      const answer = await pull.get(image.id, 'layer', { Range: range });
      expect([answer.status, answer.bytes.length, answer.headers['content-range']]).toEqual([200, size, undefined]);
    },
  );

  it('answers a HEAD with the same headers and no body (E18)', async () => {
    const [get, head] = [await pull.get(image.id, 'layer'), await pull.head(image.id, 'layer')];
    expect([head.status, head.text]).toEqual([200, '']);
    for (const name of ['content-type', 'content-length', 'accept-ranges', 'cache-control', 'last-modified']) {
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
    }
  });

  it('ignores Range in a HEAD, as RFC 7233 requires', async () => {
    const head = await pull.head(image.id, 'layer', { Range: 'bytes=0-9' });
    expect([head.status, head.headers['content-length']]).toEqual([200, String(size)]);
  });

  it('answers 304 to any If-Modified-Since', async () => {
    const answer = await pull.get(image.id, 'layer', { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' });
    expect([answer.status, answer.text]).toEqual([304, '']);
  });

  it('serves a layer of zero bytes', async () => {
    const nothing = createImage({ layer: Buffer.alloc(0) });
    await pushImages(server, 'alice/nothing', [nothing]);
    const client = registryClient(server, await startPull(server, 'alice/nothing'));
    for (const headers of [{}, { Range: 'bytes=0-0' }, { Range: 'bytes=-5' }]) {
      const answer = await client.get(nothing.id, 'layer', headers);
      expect([answer.status, answer.headers['content-length'], answer.text]).toEqual([200, '0', '']);
    }
    expect((await client.get(nothing.id, 'json')).headers['x-docker-size']).toBe('0');
    expect(await reply(client.get(nothing.id, 'files'))).toEqual([200, '[]']);
  });

  it('answers 404, 400, 404 and 401 like the json', async () => {
    const begun = createImage();
    const push = registryClient(server, await startPush(server, 'alice/get', [begun]));
    await push.putJson(begun.id, begun.json);
    expect(await reply(pull.get('0'.repeat(64), 'layer'))).toEqual([404, NOT_FOUND]);
    expect(await reply(pull.get(begun.id, 'layer'))).toEqual([400, errorText('Image is being uploaded, retry later')]);
    expect(await reply(pull.get('nothing', 'layer'))).toEqual([404, errorText('Invalid image ID')]);
    expect(await reply(registryClient(server, basic('alice', 'no')).get(image.id, 'layer'))).toEqual(UNAUTHORIZED);
    const head = await pull.head('0'.repeat(64), 'layer');
    expect([head.status, head.text]).toEqual([404, '']);
  });
});

describe('PUT /v1/images/<id>/layer (protocol 4.5)', () => {
  async function begin(repository: string): Promise<{ image: TestImage; push: RegistryClient }> {
    const image = createImage();
    return { image, push: registryClient(server, await startPush(server, repository, [image])) };
  }

  it('answers true, and may be sent again until the checksum (E10)', async () => {
    const { image, push } = await begin('alice/put');
    await push.putJson(image.id, image.json);
    expect(await reply(push.putLayer(image.id, Buffer.from('first')))).toEqual([200, 'true']);
    expect(await reply(push.putLayer(image.id, image.layer))).toEqual([200, 'true']);
    const outdated = payloadOf(image.json, Buffer.from('first'));
    expect(await reply(push.putPayload(image.id, outdated))).toEqual([400, errorText('Checksum mismatch')]);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([200, 'true']);
    expect((await push.get(image.id, 'layer')).bytes).toEqual(image.layer);
  });

  it('answers 404 before the json', async () => {
    const { image, push } = await begin('alice/put');
    expect(await reply(push.putLayer(image.id, image.layer))).toEqual([404, NOT_FOUND]);
  });

  it('answers 404 for an id that no list announced, with a token or with Basic', async () => {
    const { push } = await begin('alice/put');
    const stranger = createImage();
    expect(await reply(push.putLayer(stranger.id, stranger.layer))).toEqual([404, NOT_FOUND]);
    const client = registryClient(server, basic('alice'));
    expect(await reply(client.putLayer(stranger.id, stranger.layer))).toEqual([404, NOT_FOUND]);
    expect(await reply(client.putLayer('no-id', stranger.layer))).toEqual([404, errorText('Invalid image ID')]);
  });

  it('answers 409 once the image is complete, also to the push that restarted it', async () => {
    const { image, push } = await begin('alice/complete');
    await push.putJson(image.id, image.json);
    await push.putLayer(image.id, image.layer);
    await push.putJson(image.id, image.json);
    await push.putLayer(image.id, image.layer);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([200, 'true']);
    expect(await reply(push.putLayer(image.id, image.layer))).toEqual([409, errorText('Image already exists')]);
  });

  it('answers 401 to a caller who may not push, and stores nothing', async () => {
    const { image, push } = await begin('alice/mine');
    await push.putJson(image.id, image.json);
    const read = await startPull(server, 'alice/mine', 'alice');
    for (const authorization of [undefined, 'Token ', 'Basic Og==', read, basic('alice', 'no')]) {
      const answer = await registryClient(server, authorization).putLayer(image.id, image.layer);
      expect([answer.status, answer.text]).toEqual(UNAUTHORIZED);
      expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
    }
    const stranger = registryClient(server, basic('carol'));
    expect(await reply(stranger.putLayer(image.id, image.layer))).toEqual([404, NOT_FOUND]);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([400, errorText('Checksum mismatch')]);
  });

  it('answers 403 to an account that is no longer active', async () => {
    await addUser(server, 'erin');
    const image = createImage();
    const push = registryClient(server, await startPush(server, 'erin/app', [image], 'erin'));
    await server.ctx.db('users').where({ username: 'erin' }).update({ is_active: false });
    const refused = [403, errorText('Account is not Active')];
    expect(await reply(push.putLayer(image.id, image.layer))).toEqual(refused);
    expect(await reply(push.get(image.id, 'json'))).toEqual(refused);
  });
});
