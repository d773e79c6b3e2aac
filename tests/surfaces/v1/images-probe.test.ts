import {
  createChain,
  createImage,
  payloadOf,
  pushImages,
  startPull,
  startPush,
  type TestImage,
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

describe('a probe during a push', () => {
  const probe = async (repository: string, images: TestImage[], user = 'alice'): Promise<number[]> => {
    const push = registryClient(server, await startPush(server, repository, images, user));
    const statuses = [];
    for (const image of images) statuses.push((await push.get(image.id, 'json')).status);
    return statuses;
  };

  it.each([true, false])('never links from a repository of another user (private: %s) (R3)', async (isPrivate) => {
    const chain = createChain(2);
    const source = `mallory/source${String(isPrivate)}`;
    if (isPrivate) await pushPrivate(server, source, chain, 'mallory');
    else await pushImages(server, source, chain, { user: 'mallory' });
    expect(await probe('alice/target', chain)).toEqual([404, 404]);
    expect(await reply(registryClient(server, basic('alice')).putJson(chain[0]!.id, chain[0]!.json))).toEqual([
      200,
      'true',
    ]);
  });

  it('links from the same namespace, with the whole chain, and both serve the same bytes', async () => {
    const chain = createChain(3);
    await pushPrivate(server, 'alice/source', chain);
    const before = await storedFiles(server);
    const top = chain[2]!;
    const token = await startPush(server, 'alice/copy', [top]); // only the top is announced
    const push = registryClient(server, token);
    expect((await push.get(top.id, 'json')).bytes).toEqual(top.json);
    const ids = chain.map((image) => image.id).reverse();
    expect(await reply(push.get(top.id, 'ancestry'))).toEqual([200, JSON.stringify(ids)]);
    const tagged = call(server, 'put', '/v1/repositories/alice/copy/tags/x', {
      authorization: token,
      body: `"${top.id}"`,
    });
    expect(await reply(tagged)).toEqual([200, 'true']);
    for (const image of chain) {
      expect(await bytesOf(server, 'alice/copy', image)).toEqual([image.json, image.layer]);
      expect(await bytesOf(server, 'alice/source', image, 'alice')).toEqual([image.json, image.layer]);
    }
    expect(await storedFiles(server)).toEqual(before);
  });

  it('links from the library, into every repository', async () => {
    const chain = createChain(2);
    await pushImages(server, 'busybox', chain, { user: 'root' });
    expect(await probe('carol/derived', chain, 'carol')).toEqual([200, 200]);
    const child = createImage({ parent: chain[1]!.id });
    const push = registryClient(server, await startPush(server, 'carol/built', [child], 'carol'));
    expect(await reply(push.putJson(child.id, child.json))).toEqual([200, 'true']); // the parent is linked without a probe
    await push.putLayer(child.id, child.layer);
    await push.putPayload(child.id, child.payload);
    const ids = [child.id, chain[1]!.id, chain[0]!.id];
    expect(await reply(push.get(child.id, 'ancestry'))).toEqual([200, JSON.stringify(ids)]);
  });

  it('does not link from a library repository that the pusher may not read', async () => {
    const image = createImage();
    await pushPrivate(server, 'library/closed', [image], 'root');
    expect(await probe('carol/nosy', [image], 'carol')).toEqual([404]);
  });

  it('does not link if an ancestor’s id has another content in the target, and changes nothing there', async () => {
    const [base, top] = createChain(2);
    await pushImages(server, 'alice/clean', [base!, top!]);
    const other = forged(base!);
    const token = await startPush(server, 'alice/dirty', [other, top!]);
    const push = registryClient(server, token);
    await push.putJson(other.id, other.json); // announced: linked only by a probe, which is not sent
    await push.putLayer(other.id, other.layer);
    expect(await reply(push.putPayload(other.id, payloadOf(other.json, other.layer)))).toEqual([200, 'true']);
    expect(await reply(push.get(top!.id, 'json'))).toEqual(NOT_FOUND);
    expect(await bytesOf(server, 'alice/dirty', other)).toEqual([other.json, other.layer]);
  });

  it('does not link for a read token, nor an image that was not announced, nor from a repository that is being deleted', async () => {
    const image = createImage();
    await pushImages(server, 'alice/full', [image]);
    await startPush(server, 'alice/empty', []);
    const read = registryClient(server, await startPull(server, 'alice/empty', 'alice'));
    const write = registryClient(server, await startPush(server, 'alice/empty', []));
    expect(await reply(read.get(image.id, 'json'))).toEqual(NOT_FOUND);
    expect(await reply(write.get(image.id, 'json'))).toEqual(NOT_FOUND);
    await call(server, 'delete', '/v1/repositories/alice/full/', { authorization: basic('alice') });
    expect(await probe('alice/empty', [image])).toEqual([404]);
  });

  it('does not link an image that is in progress elsewhere', async () => {
    const image = createImage();
    const push = registryClient(server, await startPush(server, 'alice/begun', [image]));
    await push.putJson(image.id, image.json);
    await push.putLayer(image.id, image.layer);
    expect(await probe('alice/waiting', [image])).toEqual([404]);
  });
});
