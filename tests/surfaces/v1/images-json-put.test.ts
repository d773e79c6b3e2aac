import {
  startPull,
  startPush,
  createChain,
  createImage,
  payloadOf,
  pushImages,
  uploadImage,
} from '../../helpers/images';
import { call, errorText, registryClient, reply } from '../../helpers/registry-client';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const MIB = 1024 * 1024;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
});
afterAll(() => server.close());

describe('PUT /v1/images/<id>/json (protocol 4.3)', () => {
  const put = async (
    id: string,
    body: Buffer | string,
    options: { announced?: string[]; authorization?: string } = {},
  ): Promise<[number, string]> => {
    const announced = (options.announced ?? [id]).map((listed) => createImage({ id: listed }));
    const authorization = options.authorization ?? (await startPush(server, 'alice/put', announced));
    return reply(registryClient(server, authorization).putJson(id, body));
  };

  it('answers true and keeps the bytes unchanged (E10, E32)', async () => {
    const id = createImage().id;
    const json = Buffer.from(
      `\r\n{ "id" : "${id}",\t"a":1,"a":2, "text":"\\u00e9é漢\\ud83d\\ude00😀", "Size": 1.0, "n": 1e400 } \r\n`,
    );
    const image = { ...createImage({ id }), json };
    const push = registryClient(server, await startPush(server, 'alice/bytes', [image]));
    expect(await reply(push.putJson(id, json))).toEqual([200, 'true']);
    await push.putLayer(id, image.layer);
    expect(await reply(push.putPayload(id, payloadOf(json, image.layer)))).toEqual([200, 'true']);
    expect((await push.get(id, 'json')).bytes).toEqual(json);
  });

  it('accepts an image that has only an id and a parent', async () => {
    const [base, top] = ['b', 't'].map(() => createImage().id) as [string, string];
    const authorization = await startPush(server, 'alice/put', [createImage({ id: base }), createImage({ id: top })]);
    expect(await put(base, `{"id":"${base}"}`, { authorization })).toEqual([200, 'true']);
    expect(await put(top, `{"id":"${top}","parent":"${base}"}`, { authorization })).toEqual([200, 'true']);
  });

  it.each(['null', '""', 'false'])('accepts a base image whose parent is %s', async (parent) => {
    const { id } = createImage();
    expect(await put(id, `{"id":"${id}","parent":${parent}}`)).toEqual([200, 'true']);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"id":'],
    ['an empty object', '{}'],
    ['a list', '[]'],
    ['a string', '"id"'],
    ['null', 'null'],
    ['what is no UTF-8', Buffer.from([0x7b, 0x22, 0x69, 0x64, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
  ])('answers 400 to %s', async (_, body) => {
    expect(await put(createImage().id, body)).toEqual([400, errorText('Invalid JSON')]);
  });

  it('answers 400 without an id, or with another one', async () => {
    const { id } = createImage();
    expect(await put(id, '{"parent":"x"}')).toEqual([400, errorText("Missing key `id' in JSON")]);
    const wrong = [400, errorText('JSON data contains invalid id')];
    expect(await put(id, `{"id":"${'0'.repeat(64)}"}`)).toEqual(wrong);
    expect(await put(id, '{"id":7}')).toEqual(wrong);
    expect(await put(id, `{"id":"${id}","id":"other"}`)).toEqual(wrong);
  });

  it('answers 400 to an id that no image list announced', async () => {
    const { id } = createImage();
    const refused = [400, errorText('This image does not belong to the repository')];
    expect(await put(id, `{"id":"${id}"}`, { announced: [] })).toEqual(refused);
    expect(await put(id, `{"id":"${id}"}`, { authorization: basic('alice') })).toEqual(refused);
  });

  it('answers 400 to a parent that is not there', async () => {
    const { id } = createImage();
    const refused = [400, errorText('Image depends on a non existing parent')];
    for (const parent of [`"${'e'.repeat(64)}"`, '"not an id"', '7', '{"id":1}']) {
      expect(await put(id, `{"id":"${id}","parent":${parent}}`)).toEqual(refused);
    }
  });

  it('answers 400 to a parent that is only announced, 200 to one that is in progress', async () => {
    const [base, top] = createChain(2);
    const push = registryClient(server, await startPush(server, 'alice/put', [base!, top!]));
    expect(await reply(push.putJson(top!.id, top!.json))).toEqual([
      400,
      errorText('Image depends on a non existing parent'),
    ]);
    await push.putJson(base!.id, base!.json);
    expect(await reply(push.putJson(top!.id, top!.json))).toEqual([200, 'true']);
  });

  it('answers 400 to an image that is its own parent', async () => {
    const { id } = createImage();
    const [status] = await put(id, `{"id":"${id}","parent":"${id}"}`);
    expect(status).toBe(400);
  });

  it('answers 409 with the text that engines compare, once the image is complete (E15)', async () => {
    const image = createImage();
    const token = await pushImages(server, 'alice/again', [image]);
    const exists = [409, errorText('Image already exists')];
    expect(await reply(registryClient(server, token).putJson(image.id, image.json))).toEqual(exists);
    const other = await startPush(server, 'alice/again', [image]);
    expect(await reply(registryClient(server, other).putJson(image.id, image.json))).toEqual(exists);
    expect(await reply(registryClient(server, basic('alice')).putJson(image.id, image.json))).toEqual(exists);
  });

  it('accepts 1 MiB and not a byte more', async () => {
    const { id } = createImage();
    const padded = (sizeBytes: number): string => `{"id":"${id}"}`.padEnd(sizeBytes, ' ');
    expect(await put(id, padded(MIB))).toEqual([200, 'true']);
    expect(await put(id, padded(MIB + 1))).toEqual([400, errorText('Invalid JSON')]);
  });

  it('accepts a chain of 127 images and refuses the next', async () => {
    const chain = createChain(128);
    const push = registryClient(server, await startPush(server, 'alice/deep', chain));
    for (const image of chain.slice(0, 127)) {
      expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']);
    }
    const last = chain[127]!;
    expect(await reply(push.putJson(last.id, last.json))).toEqual([400, errorText('Image depth exceeds 127')]);
  });

  describe('authorization of a push', () => {
    const unauthorized = [401, errorText('Requires authorization')];

    it('is required, with a challenge', async () => {
      const image = createImage();
      await pushImages(server, 'alice/access', [image]);
      const read = await startPull(server, 'alice/access', 'alice');
      const anonymous = await startPull(server, 'alice/access');
      for (const authorization of [undefined, 'Token ', 'Basic Og==', read, anonymous]) {
        const answer = await registryClient(server, authorization).putJson(image.id, image.json);
        expect([answer.status, answer.text]).toEqual(unauthorized);
        expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
      }
    });

    it('is checked before everything else', async () => {
      for (const id of ['no-id', createImage().id]) {
        const refused = await reply(call(server, 'put', `/v1/images/${id}/json`, { body: '{' }));
        expect(refused).toEqual(unauthorized);
      }
    });

    it('ends with the password, whatever the body says', async () => {
      await addUser(server, 'dave');
      const image = createImage();
      const token = await startPush(server, 'dave/app', [image], 'dave');
      const body = '{"password":"another one"}';
      await call(server, 'put', '/v1/users/dave/', { authorization: basic('dave'), body });
      expect(await reply(registryClient(server, token).putJson(image.id, '{'))).toEqual(unauthorized);
      expect(await reply(registryClient(server, token).putJson(image.id, image.json))).toEqual(unauthorized);
    });

    it('is checked before the id, and the id before the JSON', async () => {
      const token = await startPush(server, 'alice/put', []);
      expect(await reply(registryClient(server, token).putJson('no-id', '{'))).toEqual([
        404,
        errorText('Invalid image ID'),
      ]);
    });
  });

  it('checks in the order of the protocol', async () => {
    const [known, foreign] = [createImage(), createImage()];
    const token = await pushImages(server, 'alice/order', [known]);
    const push = registryClient(server, token);
    const missing = 'e'.repeat(64);
    // The JSON before its id, its id before the list, the list before the parent, the parent before a complete image.
    expect(await reply(push.putJson(foreign.id, '{"parent":1,}'))).toEqual([400, errorText('Invalid JSON')]);
    expect(await reply(push.putJson(foreign.id, `{"parent":"${missing}"}`))).toEqual([
      400,
      errorText("Missing key `id' in JSON"),
    ]);
    expect(await reply(push.putJson(foreign.id, `{"id":"${known.id}","parent":"${missing}"}`))).toEqual([
      400,
      errorText('JSON data contains invalid id'),
    ]);
    expect(await reply(push.putJson(foreign.id, `{"id":"${foreign.id}","parent":"${missing}"}`))).toEqual([
      400,
      errorText('This image does not belong to the repository'),
    ]);
    expect(await reply(push.putJson(known.id, `{"id":"${known.id}","parent":"${missing}"}`))).toEqual([
      400,
      errorText('Image depends on a non existing parent'),
    ]);
    expect(await reply(push.putJson(known.id, `{"id":"${known.id}"}`))).toEqual([
      409,
      errorText('Image already exists'),
    ]);
  });

  it('restarts an upload: if the json differs, the layer must be sent again', async () => {
    const image = createImage();
    const push = registryClient(server, await startPush(server, 'alice/restart', [image]));
    await push.putJson(image.id, `{"id":"${image.id}","comment":"first"}`);
    await push.putLayer(image.id, image.layer);
    expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([400, errorText('Checksum mismatch')]);
    await push.putLayer(image.id, image.layer);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([200, 'true']);
    expect((await push.get(image.id, 'json')).bytes).toEqual(image.json);
  });

  it('may be pushed with Basic on every request (E2)', async () => {
    const image = createImage();
    await startPush(server, 'alice/basic', [image]);
    await uploadImage(server, basic('alice'), image);
    const pull = registryClient(server, await startPull(server, 'alice/basic'));
    expect((await pull.get(image.id, 'json')).bytes).toEqual(image.json);
  });
});
