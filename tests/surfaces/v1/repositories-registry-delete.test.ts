import { createImage, pushImages, startPull, startPush } from '../../helpers/images';
import { call, errorText, registryClient, reply } from '../../helpers/registry-client';
import { credentials, repositoryClient, startServerWithStranger } from '../../helpers/repository-client';
import { CHALLENGE, basic, type TestServer } from '../../helpers/test-server';

const OK = [200, 'true'];
const NOT_FOUND = [404, errorText('Repository not found')];
const UNAUTHORIZED = [401, errorText('Requires authorization')];

let server: TestServer;
beforeAll(async () => {
  server = await startServerWithStranger();
});
afterAll(() => server.close());

const base = '/v1/repositories';
const { remove } = repositoryClient(() => server);

/** Sends step 1 of a deletion; resolves to the Authorization with the delete token. */
async function startDeletion(repository: string, user = 'alice'): Promise<string> {
  const answer = await call(server, 'delete', `${base}/${repository}/`, {
    authorization: basic(user),
    headers: { 'X-Docker-Token': 'true' },
  });
  expect([answer.status, answer.text]).toEqual([202, '""']);
  return `Token ${answer.headers['x-docker-token']}`;
}

describe('DELETE /v1/repositories/R/ in the registry (protocol 4.11, 10.9 item 12)', () => {
  it.each(['', 'tags'])('deletes the whole repository, once: R/%s', async (suffix) => {
    const image = createImage();
    await pushImages(server, 'alice/app', [image]);
    const token = await startDeletion('alice/app');
    expect(await remove(`alice/app/${suffix}`, token)).toEqual(OK);
    expect(await remove(`alice/app/${suffix}`, token)).toEqual(NOT_FOUND);
    expect(await remove('alice/app/', basic('alice'))).toEqual([200, '""']);
    expect(await remove('alice/app/', basic('alice'))).toEqual(NOT_FOUND);
    expect(await reply(registryClient(server, basic('alice')).get(image.id, 'json'))).toEqual([
      404,
      errorText('Image not found'),
    ]);
  });

  it('treats library/foo as foo', async () => {
    await pushImages(server, 'foo', [createImage()], { user: 'root' });
    const token = await startDeletion('foo', 'root');
    expect(await remove('library/foo/', token)).toEqual(OK);
    expect(await remove('library/foo', basic('root'))).toEqual([200, '""']);
  });

  it('lets the repository be pushed again afterwards', async () => {
    const image = createImage();
    await pushImages(server, 'alice/phoenix', [image]);
    const token = await startDeletion('alice/phoenix');
    expect(await remove('alice/phoenix/', token)).toEqual(OK);
    await remove('alice/phoenix/', basic('alice'));
    await pushImages(server, 'alice/phoenix', [image]);
    const pull = registryClient(server, await startPull(server, 'alice/phoenix'));
    expect((await pull.get(image.id, 'layer')).bytes).toEqual(image.layer);
  });

  it('keeps the images that other repositories have', async () => {
    const image = createImage();
    await pushImages(server, 'alice/kept', [image]);
    const probe = registryClient(server, await startPush(server, 'alice/doomed', [image]));
    expect((await probe.get(image.id, 'json')).status).toBe(200); // linked, not uploaded
    const token = await startDeletion('alice/doomed');
    expect(await remove('alice/doomed/', token)).toEqual(OK);
    const pull = registryClient(server, await startPull(server, 'alice/kept'));
    expect((await pull.get(image.id, 'layer')).bytes).toEqual(image.layer);
  });

  it('hides a repository during its deletion', async () => {
    const image = createImage();
    await pushImages(server, 'alice/fading', [image]);
    const [read, write] = [await startPull(server, 'alice/fading'), await startPush(server, 'alice/fading', [])];
    await startDeletion('alice/fading');
    for (const token of [read, write, basic('alice')]) {
      const client = registryClient(server, token);
      expect((await client.get(image.id, 'json')).status).toBe(404);
      expect((await client.get(image.id, 'layer')).status).toBe(404);
      const tags = call(server, 'get', `${base}/alice/fading/tags`, { authorization: token });
      expect(await reply(tags)).toEqual(NOT_FOUND);
    }
    const put = call(server, 'put', `${base}/alice/fading/tags/x`, { authorization: write, body: `"${image.id}"` });
    expect(await reply(put)).toEqual(NOT_FOUND);
  });

  it('requires a delete token for this repository', async () => {
    await pushImages(server, 'alice/safe', [createImage()]);
    await pushImages(server, 'alice/other', [createImage()]);
    const foreign = await startDeletion('alice/other');
    const tokens = [await startPush(server, 'alice/safe', []), await startPull(server, 'alice/safe', 'alice'), foreign];
    for (const authorization of [...tokens, undefined, 'Token ', 'Basic Og==']) {
      const answer = await call(server, 'delete', `${base}/alice/safe/tags`, credentials(authorization));
      expect([answer.status, answer.text]).toEqual(UNAUTHORIZED);
      expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
    }
    for (const authorization of tokens) {
      const answer = await call(server, 'delete', `${base}/alice/safe/`, credentials(authorization));
      expect(answer.status).toBe(401);
    }
    expect((await call(server, 'get', `${base}/alice/safe/tags/latest`)).status).toBe(200);
  });

  it('refuses a read token, even of the delete token’s owner, and a delete token that was replaced', async () => {
    await pushImages(server, 'alice/twice', [createImage()]);
    const ask = async (): Promise<string> => {
      const { headers } = await call(server, 'delete', `${base}/alice/twice/images`, { authorization: basic('alice') });
      return `Token ${headers['x-docker-token']}`;
    };
    const [first, second] = [await ask(), await ask()];
    expect(await remove('alice/twice/tags', first)).toEqual(UNAUTHORIZED);
    expect(await remove('alice/twice/tags', second)).toEqual(OK);
  });

  it('accepts Basic of the owner at R/tags: 200, then 404; answers 403 to other users', async () => {
    await pushImages(server, 'alice/basic', [createImage()]);
    expect(await remove('alice/basic/tags', basic('carol'))).toEqual([403, errorText('Access denied')]);
    expect(await remove('alice/basic/tags', basic('alice'))).toEqual(OK);
    expect(await remove('alice/basic/tags', basic('alice'))).toEqual(NOT_FOUND);
    expect(await remove('alice/nothing/tags', basic('alice'))).toEqual(NOT_FOUND);
  });

  it('lets a delete token read the repository that it may delete (protocol 3.5)', async () => {
    const image = createImage();
    await pushImages(server, 'alice/look', [image]);
    const { headers } = await call(server, 'delete', `${base}/alice/look/images`, { authorization: basic('alice') });
    const token = `Token ${headers['x-docker-token']}`;
    const tags = await call(server, 'get', `${base}/alice/look/tags`, { authorization: token });
    expect([tags.status, JSON.parse(tags.text)]).toEqual([200, { latest: image.id }]);
    expect((await registryClient(server, token).get(image.id, 'json')).bytes).toEqual(image.json);
    expect((await registryClient(server, token).putJson(image.id, image.json)).status).toBe(401);
  });
});
