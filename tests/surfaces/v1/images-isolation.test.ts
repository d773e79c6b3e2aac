import {
  createChain,
  createImage,
  payloadOf,
  pushImages,
  startPull,
  startPush,
  uploadImage,
} from '../../helpers/images';
import { bytesOf, forged, pushPrivate, storedFiles } from '../../helpers/isolation';
import { call, errorText, registryClient, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * Images belong to repositories: neither knowing an id nor pushing it first gives any access.
 */

const NOT_FOUND = [404, errorText('Image not found')];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol', 'mallory']) await addUser(server, name);
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

describe('another user with a valid token for their own repository', () => {
  const chain = createChain(3);
  let credentials: (string | undefined)[];
  beforeAll(async () => {
    await pushPrivate(server, 'alice/secret', chain);
    await pushImages(server, 'mallory/own', [createImage()], { user: 'mallory' });
    credentials = [
      await startPull(server, 'mallory/own', 'mallory'),
      await startPush(server, 'mallory/own', [], 'mallory'),
      await startPush(server, 'mallory/claims', chain, 'mallory'), // announces all of them
      await startPull(server, 'mallory/own'),
      basic('mallory'),
      undefined,
    ];
  });

  it.each(['json', 'layer', 'ancestry', 'files'])(
    'gets 404 for the %s of every image of a private repository',
    async (part) => {
      for (const image of chain) {
        for (const authorization of credentials) {
          const client = registryClient(server, authorization);
          expect(await reply(client.get(image.id, part))).toEqual(NOT_FOUND);
          expect((await client.head(image.id, part)).status).toBe(404);
          const since = { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT', Range: 'bytes=0-9' };
          expect((await client.get(image.id, part, since)).status).toBe(404);
        }
      }
    },
  );

  it('cannot tag such an image either', async () => {
    const token = await startPush(server, 'mallory/claims', chain, 'mallory');
    const body = `"${chain[2]!.id}"`;
    const answer = call(server, 'put', '/v1/repositories/mallory/claims/tags/x', { authorization: token, body });
    expect(await reply(answer)).toEqual(NOT_FOUND);
  });

  it('cannot push an image on top of such an image', async () => {
    const child = createImage({ parent: chain[2]!.id });
    const push = registryClient(server, await startPush(server, 'mallory/claims', [child], 'mallory'));
    expect(await reply(push.putJson(child.id, child.json))).toEqual([
      400,
      errorText('Image depends on a non existing parent'),
    ]);
  });

  it('gets nothing by announcing an image and sending only its json (R1)', async () => {
    const push = registryClient(server, await startPush(server, 'mallory/claims', chain, 'mallory'));
    await push.putJson(chain[0]!.id, chain[0]!.json);
    expect(await reply(push.putPayload(chain[0]!.id, chain[0]!.payload))).toEqual([
      400,
      errorText('Checksum mismatch'),
    ]);
    expect((await push.get(chain[0]!.id, 'layer')).status).toBe(400);
  });

  it('learns nothing from the access route (R1)', async () => {
    const token = await startPull(server, 'mallory/own', 'mallory');
    const where = `/v1/repositories/mallory/own/layer/${chain[0]!.id}/access`;
    expect(await reply(call(server, 'get', where, { authorization: token }))).toEqual([200, '{"access":false}']);
  });
});

describe('one id in two repositories', () => {
  it('has each repository’s own bytes, whichever was first (R2)', async () => {
    const image = createImage();
    await pushPrivate(server, 'alice/first', [image]);
    await pushImages(server, 'mallory/poison', [forged(image)], { user: 'mallory' });
    const late = forged(image);
    await pushImages(server, 'carol/late', [late], { user: 'carol' });
    expect(await bytesOf(server, 'alice/first', image, 'alice')).toEqual([image.json, image.layer]);
    expect(await bytesOf(server, 'carol/late', image)).toEqual([late.json, late.layer]);
    const [json] = await bytesOf(server, 'mallory/poison', image);
    expect(json).not.toEqual(image.json);
  });

  it('cannot be poisoned before its owner pushes it (R2)', async () => {
    const image = createImage();
    const fake = forged(image);
    await pushImages(server, 'mallory/early', [fake], { user: 'mallory' });
    const push = registryClient(server, await startPush(server, 'alice/later', [image]));
    expect(await reply(push.get(image.id, 'json'))).toEqual(NOT_FOUND);
    expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']);
    await push.putLayer(image.id, image.layer);
    await push.putPayload(image.id, image.payload);
    expect(await bytesOf(server, 'alice/later', image)).toEqual([image.json, image.layer]);
    expect(await bytesOf(server, 'mallory/early', image)).toEqual([fake.json, fake.layer]);
  });

  it('keeps a complete image when the repository’s own pusher sends other bytes', async () => {
    const image = createImage();
    const tokens = [await startPush(server, 'alice/race', [image]), await startPush(server, 'alice/race', [image])];
    const [first, second] = tokens.map((token) => registryClient(server, token));
    const other = forged(image);
    await first!.putJson(image.id, image.json);
    await second!.putJson(other.id, other.json);
    await first!.putLayer(image.id, image.layer);
    await second!.putLayer(other.id, other.layer);
    expect(await reply(first!.putPayload(image.id, image.payload))).toEqual([200, 'true']);
    // Both engines believe that they have pushed the image; all bytes of the first one stay.
    expect(await reply(second!.putPayload(other.id, payloadOf(other.json, other.layer)))).toEqual([200, 'true']);
    expect(await bytesOf(server, 'alice/race', image)).toEqual([image.json, image.layer]);
  });
});

describe('equal bytes', () => {
  it('are one stored object and one content for all pushers', async () => {
    const image = createImage();
    const twin = createImage({ layer: image.layer });
    const before = await storedFiles(server);
    await pushImages(server, 'alice/same', [image, twin]);
    await pushImages(server, 'carol/same', [image], { user: 'carol' });
    const added = (await storedFiles(server)).filter((file) => !before.includes(file));
    expect(added).toHaveLength(1);
    const contents = await server.ctx.db('image_contents').where({ image_id: image.id });
    expect(contents).toHaveLength(1);
    expect(await bytesOf(server, 'carol/same', image)).toEqual([image.json, image.layer]);
    expect(await bytesOf(server, 'alice/same', twin)).toEqual([twin.json, image.layer]);
  });

  it('stay when one of two pushers deletes their repository', async () => {
    const image = createImage();
    await pushImages(server, 'alice/stays', [image]);
    const token = await startPush(server, 'carol/goes', [image], 'carol');
    await uploadImage(server, token, image);
    for (let step = 0; step < 2; step += 1) {
      await call(server, 'delete', '/v1/repositories/carol/goes/', { authorization: basic('carol') });
    }
    expect(await bytesOf(server, 'alice/stays', image)).toEqual([image.json, image.layer]);
  });
});
