import pg from 'pg';
import { createChain, createImage, payloadOf, pushImages, startPull, startPush } from '../../helpers/images';
import { call, errorText, registryClient, reply } from '../../helpers/registry-client';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const IN_PROGRESS = [400, errorText('Image is being uploaded, retry later')];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

/** Number of statements that the database gets during `work`. */
async function countQueries(work: () => Promise<unknown>): Promise<number> {
  const seen = jest.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    return seen.mock.calls.length;
  } finally {
    seen.mockRestore();
  }
}

describe('GET /v1/images/<id>/ancestry (protocol 4.8)', () => {
  it('answers the chain child first, including the image itself (E21)', async () => {
    const chain = createChain(3);
    await pushImages(server, 'alice/three', chain);
    const ids = chain.map((image) => image.id);
    const pull = registryClient(server, await startPull(server, 'alice/three'));
    const answer = await pull.get(ids[2]!, 'ancestry');
    expect([answer.status, answer.text]).toEqual([200, JSON.stringify([ids[2], ids[1], ids[0]])]);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=31536000',
    });
    expect(await reply(pull.get(ids[1]!, 'ancestry'))).toEqual([200, JSON.stringify([ids[1], ids[0]])]);
    expect(await reply(pull.get(ids[0]!, 'ancestry'))).toEqual([200, JSON.stringify([ids[0]])]);
  });

  it('answers a HEAD with the same length and no body, and 304 to If-Modified-Since', async () => {
    const chain = createChain(2);
    await pushImages(server, 'alice/two', chain);
    const pull = registryClient(server, await startPull(server, 'alice/two'));
    const head = await pull.head(chain[1]!.id, 'ancestry');
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', String(2 * 66 + 3)]);
    const since = { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' };
    expect(await reply(pull.get(chain[1]!.id, 'ancestry', since))).toEqual([304, '']);
  });

  it('answers a chain of 127 with as many queries as a chain of one', async () => {
    const chain = createChain(127);
    const token = await pushImages(server, 'alice/deep', chain);
    const push = registryClient(server, token);
    const ids = chain.map((image) => image.id).reverse();
    let answered: unknown;
    const forAll = await countQueries(async () => {
      answered = JSON.parse((await push.get(ids[0]!, 'ancestry')).text);
    });
    const forOne = await countQueries(() => push.get(ids[126]!, 'ancestry'));
    expect(answered).toEqual(ids);
    expect([forAll, forOne]).toEqual([2, 2]); // the access check, and the chain
  });

  it('answers 400 while the image or an ancestor is being uploaded (E21)', async () => {
    const [base, top] = createChain(2);
    const push = registryClient(server, await startPush(server, 'alice/holes', [base!, top!]));
    await push.putJson(base!.id, base!.json);
    await push.putJson(top!.id, top!.json);
    expect(await reply(push.get(top!.id, 'ancestry'))).toEqual(IN_PROGRESS);
    await push.putLayer(top!.id, top!.layer);
    await push.putPayload(top!.id, top!.payload);
    expect(await reply(push.get(top!.id, 'ancestry'))).toEqual(IN_PROGRESS);
    await push.putLayer(base!.id, base!.layer);
    await push.putPayload(base!.id, base!.payload);
    expect(await reply(push.get(top!.id, 'ancestry'))).toEqual([200, JSON.stringify([top!.id, base!.id])]);
  });

  it('ends even if a pusher created a ring of two images', async () => {
    const [a, b] = [createImage(), createImage()];
    const token = await startPush(server, 'alice/ring', [a, b]);
    const push = registryClient(server, token);
    const onB = { ...a, json: Buffer.from(JSON.stringify({ id: a.id, parent: b.id })) };
    const onA = { ...b, json: Buffer.from(JSON.stringify({ id: b.id, parent: a.id })) };
    await push.putJson(b.id, b.json);
    await push.putJson(a.id, onB.json);
    await push.putJson(b.id, onA.json); // both are in progress, so both parents exist
    for (const image of [onB, onA]) {
      await push.putLayer(image.id, image.layer);
      expect(await reply(push.putPayload(image.id, payloadOf(image.json, image.layer)))).toEqual([200, 'true']);
    }
    expect(await reply(push.get(a.id, 'ancestry'))).toEqual(IN_PROGRESS);
    expect(await reply(push.get(b.id, 'ancestry'))).toEqual(IN_PROGRESS);
    const path = '/v1/repositories/alice/ring/tags/latest';
    const tagged = reply(call(server, 'put', path, { authorization: token, body: `"${a.id}"` }));
    expect(await tagged).toEqual([404, errorText('Image not found')]);
    const sibling = registryClient(server, await startPush(server, 'alice/ring2', [a]));
    expect(await reply(sibling.get(a.id, 'json'))).toEqual([404, errorText('Image not found')]);
  });

  it('answers 404 and 401 like the json', async () => {
    const image = createImage();
    await pushImages(server, 'alice/errors', [image]);
    const pull = registryClient(server, await startPull(server, 'alice/errors'));
    expect(await reply(pull.get('0'.repeat(64), 'ancestry'))).toEqual([404, errorText('Image not found')]);
    expect(await reply(pull.get('nothing', 'ancestry'))).toEqual([404, errorText('Invalid image ID')]);
    const refused = await registryClient(server, basic('alice', 'no')).get(image.id, 'ancestry');
    expect([refused.status, refused.text]).toEqual([401, errorText('Requires authorization')]);
    expect(refused.headers['www-authenticate']).toBe(CHALLENGE);
  });

  it('answers 404 to docker 0.6, which sends a name instead of an id', async () => {
    const { status } = await call(server, 'get', '/v1/images/alice/app/ancestry');
    expect(status).toBe(404);
  });
});
