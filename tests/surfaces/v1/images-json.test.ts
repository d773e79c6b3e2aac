import { startPull, startPush, createImage, pushImages } from '../../helpers/images';
import { errorText, makePrivate, registryClient, reply } from '../../helpers/registry-client';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const NOT_FOUND = errorText('Image not found');

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
});
afterAll(() => server.close());

describe('GET /v1/images/<id>/json (protocol 4.2)', () => {
  const image = createImage();
  let token: string;
  beforeAll(async () => {
    await pushImages(server, 'alice/get', [image]);
    token = await startPull(server, 'alice/get');
  });

  it('answers the bytes that were put, their size and checksum under all three names (E16, E17)', async () => {
    const answer = await registryClient(server, token).get(image.id, 'json');
    expect([answer.status, answer.bytes]).toEqual([200, image.json]);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(image.json.length),
      'x-docker-size': String(image.layer.length),
      'x-docker-checksum': image.payload,
      'x-docker-payload-checksum': image.payload,
      'x-docker-checksum-payload': image.payload,
      'x-docker-registry-version': '0.9.1',
      'x-docker-registry-config': 'emulator',
    });
  });

  it('lets caches keep the image for a year', async () => {
    const { headers } = await registryClient(server, token).get(image.id, 'json');
    expect(headers['cache-control']).toBe('public, max-age=31536000');
    expect(headers['last-modified']).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
    expect(headers['pragma']).toBeUndefined();
    const inDays = (Date.parse(headers['expires'] ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(inDays)).toBe(365);
  });

  it('answers a HEAD with the same headers and no body', async () => {
    const client = registryClient(server, token);
    const [get, head] = [await client.get(image.id, 'json'), await client.head(image.id, 'json')];
    expect([head.status, head.text]).toEqual([200, '']);
    for (const name of ['content-type', 'content-length', 'x-docker-size', 'x-docker-checksum', 'cache-control']) {
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
    }
  });

  it.each(['Thu, 01 Jan 1970 00:00:00 GMT', 'Wed, 21 Oct 2015 07:28:00 GMT', 'yesterday'])(
    'answers 304 to If-Modified-Since: %s',
    async (date) => {
      const answer = await registryClient(server, token).get(image.id, 'json', { 'If-Modified-Since': date });
      expect([answer.status, answer.text]).toEqual([304, '']);
      expect(answer.headers['cache-control']).toBe('public, max-age=31536000');
    },
  );

  it('does not answer 304 for an image that is unknown, incomplete or not for this caller', async () => {
    const since = { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' };
    const [begun, hidden] = [createImage(), createImage()];
    const push = registryClient(server, await startPush(server, 'alice/get', [begun]));
    await push.putJson(begun.id, begun.json);
    await pushImages(server, 'carol/hidden', [hidden], { user: 'carol' });
    await makePrivate(server, 'carol/hidden', 'carol');
    const client = registryClient(server, token);
    const statusOf = async (id: string): Promise<number> => (await client.get(id, 'json', since)).status;
    expect([await statusOf('0'.repeat(64)), await statusOf(begun.id), await statusOf(hidden.id)]).toEqual([
      404, 400, 404,
    ]);
  });

  it('answers 400 during the upload of the image, to a caller who may read the repository (E14)', async () => {
    const begun = createImage();
    const push = registryClient(server, await startPush(server, 'alice/get', [begun]));
    await push.putJson(begun.id, begun.json);
    const inProgress = [400, errorText('Image is being uploaded, retry later')];
    expect(await reply(push.get(begun.id, 'json'))).toEqual(inProgress);
    expect(await reply(registryClient(server, token).get(begun.id, 'json'))).toEqual(inProgress);
    await push.putLayer(begun.id, begun.layer);
    expect(await reply(push.get(begun.id, 'json'))).toEqual(inProgress);
  });

  it('answers 404 for an id that does not exist, and the answer is not cached', async () => {
    const answer = await registryClient(server, token).get('f'.repeat(64), 'json');
    expect([answer.status, answer.text]).toEqual([404, NOT_FOUND]);
    expect(answer.headers['cache-control']).toBe('no-cache');
    expect([answer.headers['pragma'], answer.headers['expires']]).toEqual(['no-cache', '-1']);
  });

  it.each(['xyz', 'A'.repeat(64), 'a'.repeat(63), 'a'.repeat(17), '511136EA3C5A64F2', '%2e%2e'])(
    'answers 404 for %s, which is not an id',
    async (id) => {
      expect(await reply(registryClient(server, token).get(id, 'json'))).toEqual([404, errorText('Invalid image ID')]);
    },
  );

  it('answers 401 to credentials that are wrong', async () => {
    for (const authorization of [basic('alice', 'wrong'), 'Token signature=00', 'Bearer abc', `${token}x`]) {
      const answer = await registryClient(server, authorization).get(image.id, 'json');
      expect([answer.status, answer.text]).toEqual([401, errorText('Requires authorization')]);
      expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
    }
  });

  it('serves ids of 16 characters', async () => {
    const old = createImage({ id: '27cf784147099545' });
    await pushImages(server, 'alice/old', [old]);
    const pull = registryClient(server, await startPull(server, 'alice/old'));
    expect((await pull.get(old.id, 'json')).bytes).toEqual(old.json);
  });

  it('never lets a cache on the way keep an image of a private repository', async () => {
    const hidden = createImage();
    await pushImages(server, 'alice/private', [hidden]);
    await makePrivate(server, 'alice/private', 'alice');
    const pull = registryClient(server, await startPull(server, 'alice/private', 'alice'));
    for (const part of ['json', 'layer', 'ancestry']) {
      for (const headers of [{}, { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }]) {
        const answer = await pull.get(hidden.id, part, headers);
        expect([part, answer.headers['cache-control']]).toEqual([part, 'private, max-age=31536000']);
      }
    }
  });

  it('tells caches that the answer depends on the caller, because one id may have two contents', async () => {
    const { headers } = await registryClient(server, token).get(image.id, 'json');
    expect(headers['vary']?.split(/, */)).toEqual(['Accept', 'Authorization']);
  });
});
