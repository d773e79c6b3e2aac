import type { Actor, RepositoryName } from '../../../src/features/access/actor';
import { actorOf, ANYBODY } from '../../helpers/actors';
import { createChain, createImage, pushImages, startPush } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { imageTree, putTag } from '../../helpers/by-name';

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

it('has each complete image with its parent, its layer and its tags, parents first', async () => {
  const [base, left] = createChain(2) as [ReturnType<typeof createImage>, ReturnType<typeof createImage>];
  const right = createImage({ parent: base.id, layer: Buffer.from('right') });
  await pushImages(server, 'alice/app', [base, left], { tag: 'left' });
  await pushImages(server, 'alice/app', [base, right], { tag: 'right' });
  await startPush(server, 'alice/app', [base, createImage()]); // announced, never pushed
  for (let index = 0; index < 12; index += 1) {
    const tag = { name: `v${index + 10}`, imageId: base.id, engine: {} };
    await putTag(server.ctx, alice, nameOf('app'), tag);
  }
  const { nodes, isCut } = await imageTree(server.ctx, ANYBODY, nameOf('app'));
  expect(isCut).toBe(false);
  expect(nodes).toEqual([
    {
      id: base.id,
      parentId: undefined,
      depth: 1,
      layerSizeBytes: 2000,
      tags: Array.from({ length: 10 }, (_, index) => `v${index + 10}`),
      tagCount: 12,
      announcedAt: expect.any(Date),
    },
    expect.objectContaining({ id: left.id, parentId: base.id, depth: 2, tags: ['left'], tagCount: 1 }),
    expect.objectContaining({ id: right.id, parentId: base.id, layerSizeBytes: 5, tags: ['right'] }),
  ]);
});

it('is cut to the newest images, whose parents may then be missing', async () => {
  const [base, top] = createChain(2) as [ReturnType<typeof createImage>, ReturnType<typeof createImage>];
  await pushImages(server, 'alice/many', [base, top]);
  // As if 999 more bases had been pushed after them.
  await server.ctx.db.raw(
    `insert into repository_images (repository_id, image_id, content_id, depth)
     select i.repository_id, lpad(to_hex(n), 16, '0'), i.content_id, 1
     from repository_images i, generate_series(1, 999) n where i.image_id = ?`,
    [base.id],
  );
  const { nodes, isCut } = await imageTree(server.ctx, ANYBODY, nameOf('many'));
  expect([nodes.length, isCut]).toEqual([1000, true]);
  expect(nodes.at(-1)).toMatchObject({ id: top.id, parentId: undefined, depth: 2, tags: ['latest'] });
  expect(nodes.some(({ id }) => id === base.id)).toBe(false);
});

it('an empty repository has no images', async () => {
  await startPush(server, 'alice/empty', []);
  expect(await imageTree(server.ctx, alice, nameOf('empty'))).toEqual({ nodes: [], isCut: false });
});

it('a private repository has none for other users', async () => {
  await pushPrivate(server, 'alice/secret', [createImage()]);
  await expect(imageTree(server.ctx, bob, nameOf('secret'))).rejects.toMatchObject({ code: 'not_found' });
  await expect(imageTree(server.ctx, ANYBODY, nameOf('secret'))).rejects.toMatchObject({ code: 'not_found' });
  expect((await imageTree(server.ctx, alice, nameOf('secret'))).nodes).toHaveLength(1);
});
