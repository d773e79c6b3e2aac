import { gzipSync } from 'node:zlib';
import { createImage, pushImages, startPull, startPush } from '../../helpers/images';
import { call, errorText, makePrivate, reply, type Answer } from '../../helpers/registry-client';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { packTar } from '../../features/images/tar/pack-tar';

const NOT_FOUND = [404, errorText('Image not found')];

let server: TestServer;
const hidden = createImage({ layer: gzipSync(packTar({ name: 'motd', body: Buffer.from('hello') })) });
const open = createImage();
let owner: string;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
  await pushImages(server, 'alice/hidden', [hidden]);
  await makePrivate(server, 'alice/hidden', 'alice');
  await pushImages(server, 'alice/open', [open]);
  owner = await startPull(server, 'alice/hidden', 'alice');
});
afterAll(() => server.close());

const get = (id: string, part: string, authorization?: string, headers = {}): Promise<Answer> =>
  call(server, 'get', `/v1/private_images/${id}/${part}`, {
    ...(authorization === undefined ? {} : { authorization }),
    headers,
  });

describe('GET /v1/private_images/<id>/{json,layer,files} (protocol 4.10)', () => {
  it('serves an image of a private repository, which no cache on the way may keep', async () => {
    const [json, layer] = [await get(hidden.id, 'json', owner), await get(hidden.id, 'layer', owner)];
    expect([json.status, json.bytes]).toEqual([200, hidden.json]);
    expect(json.headers['x-docker-size']).toBe(String(hidden.layer.length));
    expect([layer.status, layer.bytes]).toEqual([200, hidden.layer]);
    const files = await get(hidden.id, 'files', owner);
    expect([files.status, JSON.parse(files.text)]).toEqual([200, [['/motd', 'f', false, 5, 0, 0o644, 0, 0]]]);
    for (const { headers } of [json, layer, files]) {
      expect(headers['cache-control']).toBe('private, max-age=31536000');
    }
  });

  it('takes ranges, HEAD and If-Modified-Since as the ordinary paths do', async () => {
    const part = await get(hidden.id, 'layer', owner, { Range: 'bytes=0-4' });
    expect([part.status, part.bytes]).toEqual([206, hidden.layer.subarray(0, 5)]);
    const head = await call(server, 'head', `/v1/private_images/${hidden.id}/layer`, { authorization: owner });
    expect([head.status, head.headers['content-length']]).toEqual([200, String(hidden.layer.length)]);
    for (const name of ['json', 'layer', 'files']) {
      const answer = await get(hidden.id, name, owner, { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' });
      expect([answer.status, answer.text, answer.headers['cache-control']]).toEqual([
        304,
        '',
        'private, max-age=31536000',
      ]);
    }
  });

  it.each(['json', 'layer', 'files'])('answers 404 for an image of a public repository: %s', async (part) => {
    const token = await startPull(server, 'alice/open', 'alice');
    expect(await reply(get(open.id, part, token))).toEqual(NOT_FOUND);
  });

  it.each(['json', 'layer', 'files'])('answers 404 for an image that the caller may not read: %s', async (part) => {
    const stranger = await startPush(server, 'carol/app', [hidden], 'carol');
    for (const authorization of [stranger, basic('carol'), undefined]) {
      expect(await reply(get(hidden.id, part, authorization))).toEqual(NOT_FOUND);
    }
  });

  it('answers 404 for a text that is not an id and 401 for wrong credentials', async () => {
    expect(await reply(get('nothing', 'json', owner))).toEqual([404, errorText('Invalid image ID')]);
    const refused = await get(hidden.id, 'json', basic('alice', 'no'));
    expect([refused.status, refused.text]).toEqual([401, errorText('Requires authorization')]);
    expect(refused.headers['www-authenticate']).toBe(CHALLENGE);
  });

  it('also serves the image on the ordinary path', async () => {
    const answer = await call(server, 'get', `/v1/images/${hidden.id}/layer`, { authorization: owner });
    expect([answer.status, answer.bytes]).toEqual([200, hidden.layer]);
  });
});
