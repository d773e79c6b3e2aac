import { createChain, createImage, pushImages, startPull, startPush, uploadImage } from '../../helpers/images';
import { call, errorText, makePrivate, registryClient, reply } from '../../helpers/registry-client';
import { credentials, repositoryClient, startServerWithStranger } from '../../helpers/repository-client';
import { CHALLENGE, basic, type TestServer } from '../../helpers/test-server';

const OK = [200, 'true'];
const NO_REPOSITORY = [404, errorText('Repository not found')];
const NO_TAG = [404, errorText('Tag not found')];
const NO_IMAGE = [404, errorText('Image not found')];
const UNAUTHORIZED = [401, errorText('Requires authorization')];
const INVALID_DATA = [400, errorText('Invalid data')];

let server: TestServer;
beforeAll(async () => {
  server = await startServerWithStranger();
});
afterAll(() => server.close());

const base = '/v1/repositories';
const { get, put, remove } = repositoryClient(() => server);

describe('GET /v1/repositories/R/tags (protocol 4.7)', () => {
  it('answers an object of tags and image ids (E22)', async () => {
    const [first, second] = createChain(2);
    await pushImages(server, 'alice/list', [first!, second!]);
    await put('alice/list/tags/old', `"${first!.id}"`, basic('alice'));
    const token = await startPull(server, 'alice/list');
    const answer = await call(server, 'get', `${base}/alice/list/tags`, { authorization: token });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { latest: second!.id, old: first!.id }]);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-cache' });
  });

  it('answers {} for a repository without tags, with a trailing slash too', async () => {
    const token = await startPush(server, 'alice/none', []);
    expect(await get('alice/none/tags', token)).toEqual([200, '{}']);
    expect(await get('alice/none/tags/', token)).toEqual([200, '{}']);
  });

  it('answers 404 for a repository that does not exist, or that the caller may not see', async () => {
    await startPush(server, 'alice/hidden', []);
    await makePrivate(server, 'alice/hidden', 'alice');
    expect(await get('alice/nothing/tags')).toEqual(NO_REPOSITORY);
    expect(await get('alice/nothing/tags', basic('carol'))).toEqual(NO_REPOSITORY);
    expect(await get('alice/hidden/tags', basic('carol'))).toEqual(NO_REPOSITORY);
    expect(await get('alice/hidden/tags', basic('alice'))).toEqual([200, '{}']);
  });

  it('answers 401 to an anonymous caller of a private repository, because wget sends a password only then', async () => {
    await startPush(server, 'alice/closed', []);
    await makePrivate(server, 'alice/closed', 'alice');
    for (const authorization of [undefined, 'Token ', 'Basic Og==']) {
      for (const path of ['tags', 'tags/none', 'tags?format=index', 'tags/none?format=index', 'properties']) {
        const answer = await call(server, 'get', `${base}/alice/closed/${path}`, credentials(authorization));
        expect([answer.status, answer.text]).toEqual(UNAUTHORIZED);
        expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
      }
    }
  });

  it('answers 401 to a token for another repository, whether this one exists or not', async () => {
    const authorization = await startPush(server, 'alice/other', []);
    for (const repository of ['alice/closed', 'alice/nothing']) {
      const answer = await call(server, 'get', `${base}/${repository}/tags`, { authorization });
      expect([answer.status, answer.text]).toEqual(UNAUTHORIZED);
      expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
    }
  });

  it('treats foo and library/foo as one repository', async () => {
    const image = createImage();
    await pushImages(server, 'foo', [image], { user: 'root' });
    const token = await startPull(server, 'foo');
    for (const path of ['foo/tags', 'library/foo/tags', 'foo/tags/', 'library/foo/tags/']) {
      const [status, text] = await get(path, token);
      expect([status, JSON.parse(text)]).toEqual([200, { latest: image.id }]);
    }
    for (const path of ['foo/tags/latest', 'library/foo/tags/latest/']) {
      expect(await get(path, token)).toEqual([200, `"${image.id}"`]);
    }
  });
});

describe('GET /v1/repositories/R/tags/<tag> (protocol 4.7)', () => {
  it('answers the id as a JSON string', async () => {
    const image = createImage();
    await pushImages(server, 'alice/one', [image], { tag: 'v1.0_x-y' });
    expect(await get('alice/one/tags/v1.0_x-y', await startPull(server, 'alice/one'))).toEqual([200, `"${image.id}"`]);
    expect(await get('alice/one/tags/v1.0_x-y')).toEqual([200, `"${image.id}"`]);
  });

  it('answers 404 for an unknown tag', async () => {
    const token = await startPush(server, 'alice/one', []);
    for (const tag of ['nothing', 'Latest', 'a%20b', '-x']) {
      expect(await get(`alice/one/tags/${tag}`, token)).toEqual(NO_TAG);
    }
    expect(await get('alice/nothing/tags/latest', basic('alice'))).toEqual(NO_TAG);
  });
});

describe('PUT /v1/repositories/R/tags/<tag> (protocol 4.7)', () => {
  const image = createImage();
  let token: string;
  beforeAll(async () => {
    token = await pushImages(server, 'alice/put', [image]);
  });

  it('accepts a JSON string, with or without a content type, and moves the tag freely (E11)', async () => {
    const other = createImage();
    const again = await pushImages(server, 'alice/put', [other], { tag: 'other' });
    for (const id of [image.id, other.id, image.id]) {
      expect(await put('alice/put/tags/moving', `"${id}"`, again)).toEqual(OK);
      expect(await get('alice/put/tags/moving', again)).toEqual([200, `"${id}"`]);
    }
    const typed = call(server, 'put', `${base}/alice/put/tags/typed`, {
      authorization: token,
      headers: { 'Content-Type': 'application/json' },
      body: `"${image.id}"`,
    });
    expect(await reply(typed)).toEqual(OK);
  });

  it('accepts Basic too', async () => {
    expect(await put('alice/put/tags/basic', `"${image.id}"`, basic('alice'))).toEqual(OK);
  });

  it('overwrites a tag that docker 0.6 sets once for each ancestor', async () => {
    const chain = createChain(3);
    const push = await startPush(server, 'alice/old', chain);
    for (const each of chain) {
      await uploadImage(server, push, each);
      expect(await put('alice/old/tags/latest', `"${each.id}"`, push)).toEqual(OK);
    }
    expect(await get('alice/old/tags/latest', push)).toEqual([200, `"${chain[2]!.id}"`]);
  });

  it.each(['-x', '.x', 'a%20b', 'a%2Fb', 'é', 'x'.repeat(129), 'a:b'])('answers 400 to the name %s', async (tag) => {
    const path = `alice/put/tags/${encodeURI(decodeURI(tag))}`;
    expect(await put(path, `"${image.id}"`, token)).toEqual([
      400,
      errorText('Invalid tag name (must match ^[\\w][\\w.-]{0,127}$)'),
    ]);
  });

  it.each(['x'.repeat(128), '_x', '0', 'A.b-C_d'])('accepts the name %s', async (tag) => {
    expect(await put(`alice/put/tags/${tag}`, `"${image.id}"`, token)).toEqual(OK);
  });

  it.each([
    ['without quotes', image.id],
    ['empty', ''],
    ['an empty string', '""'],
    ['an object', `{"id":"${image.id}"}`],
    ['a list', `["${image.id}"]`],
    ['a number', '7'],
    ['null', 'null'],
  ])('answers 400 to a body that is %s', async (_, body) => {
    expect(await put('alice/put/tags/bad', body, token)).toEqual(INVALID_DATA);
  });

  it('answers 404 for an image that is unknown, incomplete, without its ancestors, or elsewhere', async () => {
    const [root, top] = createChain(2);
    const elsewhere = createImage();
    await pushImages(server, 'alice/elsewhere', [elsewhere]);
    const again = await startPush(server, 'alice/put', [root!, top!]);
    const push = registryClient(server, again);
    const tagged = (id: string): Promise<[number, string]> => put('alice/put/tags/bad', `"${id}"`, again);
    expect(await tagged('0'.repeat(64))).toEqual(NO_IMAGE);
    expect(await tagged('no id')).toEqual(NO_IMAGE);
    expect(await tagged(elsewhere.id)).toEqual(NO_IMAGE);
    expect(await tagged(root!.id)).toEqual(NO_IMAGE);
    await push.putJson(root!.id, root!.json);
    await push.putLayer(root!.id, root!.layer);
    expect(await tagged(root!.id)).toEqual(NO_IMAGE);
    await uploadImage(server, again, top!);
    expect(await tagged(top!.id)).toEqual(NO_IMAGE);
    expect(await reply(push.putPayload(root!.id, root!.payload))).toEqual(OK);
    expect(await tagged(top!.id)).toEqual(OK);
  });

  it('answers 401 to an anonymous caller, a read token, and a token for another repository', async () => {
    const read = await startPull(server, 'alice/put', 'alice');
    const other = await startPush(server, 'alice/another', []);
    for (const authorization of [undefined, 'Token ', 'Basic Og==', read, other, basic('alice', 'no')]) {
      const answer = await call(server, 'put', `${base}/alice/put/tags/x`, {
        ...credentials(authorization),
        body: `"${image.id}"`,
      });
      expect([answer.status, answer.text]).toEqual(UNAUTHORIZED);
      expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
    }
  });

  it('answers 403 to other users, 404 if they may not read the repository', async () => {
    await startPush(server, 'alice/secret', []);
    await makePrivate(server, 'alice/secret', 'alice');
    const body = `"${image.id}"`;
    expect(await put('alice/put/tags/x', body, basic('carol'))).toEqual([403, errorText('Access denied')]);
    expect(await put('alice/secret/tags/x', body, basic('carol'))).toEqual(NO_REPOSITORY);
  });
});

describe('DELETE /v1/repositories/R/tags/<tag> (protocol 4.7)', () => {
  const image = createImage();
  beforeAll(async () => {
    await pushImages(server, 'alice/delete', [image], { tag: 'one' });
    await put('alice/delete/tags/two', `"${image.id}"`, basic('alice'));
  });

  async function deleteToken(repository: string): Promise<string> {
    const { headers } = await call(server, 'delete', `${base}/${repository}/images`, {
      authorization: basic('alice'),
      headers: { 'X-Docker-Token': 'true' },
    });
    return `Token ${headers['x-docker-token']}`;
  }

  it('deletes the tag and nothing else, once', async () => {
    expect(await remove('alice/delete/tags/one', basic('alice'))).toEqual(OK);
    expect(await get('alice/delete/tags/one')).toEqual(NO_TAG);
    expect(await remove('alice/delete/tags/one', basic('alice'))).toEqual([404, errorText('Tag not found: one')]);
    expect(await get('alice/delete/tags/two')).toEqual([200, `"${image.id}"`]);
    expect((await registryClient(server).get(image.id, 'layer')).bytes).toEqual(image.layer);
  });

  it('answers 404 to a name that no tag can have', async () => {
    expect(await get('alice/delete/tags/a%00b')).toEqual(NO_TAG);
    const removed = await remove('alice/delete/tags/a%00b', basic('alice'));
    expect(removed).toEqual([404, errorText('Tag not found: a\u0000b')]);
  });

  it('accepts a delete token, once', async () => {
    await put('alice/delete/tags/three', `"${image.id}"`, basic('alice'));
    const token = await deleteToken('alice/delete');
    expect(await remove('alice/delete/tags/three', token)).toEqual(OK);
    expect(await remove('alice/delete/tags/two', token)).toEqual(UNAUTHORIZED);
    expect(await get('alice/delete/tags/two')).toEqual([200, `"${image.id}"`]);
  });

  it('answers 401 to other tokens and anonymous callers, 403 to other users, 404 for an unknown tag', async () => {
    const write = await startPush(server, 'alice/delete', []);
    const read = await startPull(server, 'alice/delete', 'alice');
    for (const authorization of [undefined, 'Token ', 'Basic Og==', read, write]) {
      expect(await remove('alice/delete/tags/two', authorization)).toEqual(UNAUTHORIZED);
    }
    expect(await remove('alice/delete/tags/two', basic('carol'))).toEqual([403, errorText('Access denied')]);
    expect(await remove('alice/nothing/tags/two', basic('alice'))).toEqual(NO_REPOSITORY);
    expect(await get('alice/delete/tags/two')).toEqual([200, `"${image.id}"`]);
  });
});
