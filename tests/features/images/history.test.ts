import type { Actor, RepositoryName } from '../../../src/features/access/actor';
import { digestOf } from '../../../src/platform/bytes/digest';
import { actorOf, ANYBODY } from '../../helpers/actors';
import { createChain, createImage, payloadOf, pushImages, type TestImage } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { imageHistory, moveRepository } from '../../helpers/by-name';

let server: TestServer;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  [alice, bob] = [await actorOf(server, 'alice'), await actorOf(server, 'bobby')];
});
afterAll(() => server.close());

const nameOf = (name: string): RepositoryName => ({ namespace: 'alice', name });

/** The same image with more in its json. */
function saying(image: TestImage, facts: Readonly<Record<string, unknown>>): TestImage {
  const json = Buffer.from(JSON.stringify({ ...(JSON.parse(image.json.toString()) as object), ...facts }));
  return { ...image, json, payload: payloadOf(json, image.layer) };
}

it('shows the image first and its base last, with the command that created each layer', async () => {
  const base = saying(createImage(), {
    created: '2014-02-03T16:47:06Z',
    docker_version: '0.9.1',
    container_config: { Cmd: ['/bin/sh', '-c', '#(nop) ADD file:a1 in /'] },
    config: { Cmd: ['sh'] },
  });
  const middle = saying(createImage({ parent: base.id }), {
    comment: '',
    container_config: { Cmd: ['/bin/sh', '-c', 'make'] },
  });
  const top = saying(createImage({ parent: middle.id }), { author: 'somebody', created: 'never', container_config: 5 });
  await pushImages(server, 'alice/app', [base, middle, top], { tag: 'v1' });
  const history = await imageHistory(server.ctx, ANYBODY, nameOf('app'), { tag: 'v1' });
  expect(history).toMatchObject({ imageId: top.id, totalSizeBytes: 6000, isCut: false });
  expect(history.layers).toEqual([
    {
      digest: digestOf(top.layer),
      checksum: top.payload,
      id: top.id,
      depth: 3,
      layerSizeBytes: 2000,
      unreadable: 'its "created" is not a moment in the form 2015-06-01T12:00:00Z',
      createdAt: undefined,
      author: 'somebody',
      comment: 'made by a test',
      dockerVersion: undefined,
      command: undefined,
    },
    expect.objectContaining({ id: middle.id, depth: 2, command: 'RUN make', comment: undefined }),
    expect.objectContaining({
      id: base.id,
      depth: 1,
      command: 'ADD file:a1 in /',
      createdAt: new Date('2014-02-03T16:47:06Z'),
      dockerVersion: '0.9.1',
    }),
  ]);
  const below = await imageHistory(server.ctx, bob, nameOf('app'), { imageId: middle.id });
  expect(below.layers.map(({ id }) => id)).toEqual([middle.id, base.id]);
  expect(below.totalSizeBytes).toBe(4000);
});

it('a chain may be as long as engines allow', async () => {
  const chain = createChain(127).map((image, index) =>
    saying(image, { config: { Env: [`N=${index}`] }, comment: `c${index}` }),
  );
  await pushImages(server, 'alice/long', chain);
  const { layers } = await imageHistory(server.ctx, alice, nameOf('long'), { tag: 'latest' });
  expect(layers.map(({ id }) => id)).toEqual(chain.map(({ id }) => id).reverse());
  expect(layers.map(({ comment, command }) => [comment, command])).toEqual(
    chain.map((_, index) => [`c${index}`, index === 0 ? undefined : `ENV N=${index}`]).reverse(),
  );
});

it('a json that is larger than any engine creates is not read', async () => {
  const image = saying(createImage(), { author: 'x'.repeat(70_000) });
  await pushImages(server, 'alice/large', [image]);
  const { layers } = await imageHistory(server.ctx, ANYBODY, nameOf('large'), { tag: 'latest' });
  expect(layers).toMatchObject([{ id: image.id, layerSizeBytes: 2000, author: undefined, comment: undefined }]);
});

it('an image that the repository does not have is not found, even if another repository has it', async () => {
  const [mine, other] = [createImage(), createImage()];
  await pushImages(server, 'alice/mine', [mine]);
  await pushImages(server, 'alice/other', [other]);
  for (const which of [
    { imageId: other.id },
    { imageId: 'no id' },
    { imageId: '\0' },
    { tag: 'none' },
    { tag: 'no\0tag' },
  ]) {
    await expect(imageHistory(server.ctx, alice, nameOf('mine'), which)).rejects.toMatchObject({ code: 'not_found' });
  }
});

it('a private repository has none for other users; a former name leads to it', async () => {
  await pushPrivate(server, 'alice/secret', [createImage()]);
  const read = (actor: Actor) => imageHistory(server.ctx, actor, nameOf('secret'), { tag: 'latest' });
  await expect(read(bob)).rejects.toMatchObject({ code: 'not_found' });
  await expect(read(ANYBODY)).rejects.toMatchObject({ code: 'not_found' });
  await moveRepository(server.ctx, alice, nameOf('secret'), nameOf('moved'));
  expect((await read(alice)).layers).toHaveLength(1);
  await expect(read(bob)).rejects.toMatchObject({ code: 'not_found' });
});
