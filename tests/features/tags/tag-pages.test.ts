import type { Actor, RepositoryName } from '../../../src/features/access/actor';
import type { TagsWanted } from '../../../src/features/tags/tag-pages';
import { actorOf, ANYBODY } from '../../helpers/actors';
import { createChain, createImage, pushImages } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { listTagPage, putTag, setImmutableTags } from '../../helpers/by-name';

const APP: RepositoryName = { namespace: 'alice', name: 'app' };
const ENGINE = { docker_version: '0.9.1', kernel: '3.13.0', os: 'linux', arch: 'amd64' };
const chain = createChain(3);
const [base, middle, top] = chain as [
  ReturnType<typeof createImage>,
  ReturnType<typeof createImage>,
  ReturnType<typeof createImage>,
];
const beside = createImage({ parent: base.id, layer: Buffer.alloc(7) });

let server: TestServer;
let alice: Actor;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  alice = await actorOf(server, 'alice');
  await pushImages(server, 'alice/app', chain, { tag: 'latest' });
  await pushImages(server, 'alice/app', [base, beside], { tag: 'beside' });
  const tags = { 'v1.0': base, 'v1.1': middle, V2_x: top };
  for (const [name, { id }] of Object.entries(tags)) {
    await putTag(server.ctx, alice, APP, { name, imageId: id, engine: ENGINE });
  }
});
afterAll(() => server.close());

const read = (wanted: Partial<TagsWanted> = {}, actor: Actor = ANYBODY) =>
  listTagPage(server.ctx, actor, APP, { limit: 100, offset: 0, sort: 'name', ...wanted });
const namesOf = ({ tags }: Awaited<ReturnType<typeof read>>) => tags.map(({ name }) => name);

it('each tag has the size and the layers of its whole chain, even if chains share a base', async () => {
  const { total, tags } = await read({ sort: 'updated' });
  expect(total).toBe(5);
  expect(
    tags.map(({ name, imageId, totalSizeBytes, layerCount }) => [name, imageId, totalSizeBytes, layerCount]),
  ).toEqual([
    ['V2_x', top.id, 6000, 3],
    ['v1.1', middle.id, 4000, 2],
    ['v1.0', base.id, 2000, 1],
    ['beside', beside.id, 2007, 2],
    ['latest', top.id, 6000, 3],
  ]);
});

it('has the engine that set a tag, and which tags are immutable', async () => {
  await setImmutableTags(server.ctx, alice, APP, ['v1.*']);
  const { tags } = await read({ text: 'v1' });
  expect(tags).toEqual([
    expect.objectContaining({ name: 'v1.0', engine: ENGINE, isImmutable: true, updatedAt: expect.any(Date) }),
    expect.objectContaining({ name: 'v1.1', engine: ENGINE, isImmutable: true }),
  ]);
  expect((await read({ text: 'latest' })).tags).toMatchObject([{ engine: {}, isImmutable: false }]);
});

it('can be searched by a part of the name in any case, sorted, and read page by page', async () => {
  expect(namesOf(await read({ text: 'V' }))).toEqual(expect.arrayContaining(['V2_x', 'v1.0', 'v1.1']));
  expect(namesOf(await read({ text: '_x' }))).toEqual(['V2_x']);
  await expect(read({ text: 'no\0tag' })).rejects.toMatchObject({ code: 'invalid' });
  const first = await read({ sort: 'updated', limit: 2 });
  const rest = await read({ sort: 'updated', limit: 10, offset: 2 });
  expect([first.total, rest.total]).toEqual([5, 5]);
  expect([...namesOf(first), ...namesOf(rest)]).toEqual(['V2_x', 'v1.1', 'v1.0', 'beside', 'latest']);
});

it('sorts numbers in names as numbers', async () => {
  await pushImages(server, 'alice/versions', chain, { tag: 'latest' });
  const versions = { namespace: 'alice', name: 'versions' };
  const names = ['1.2', '1.2-rc1', '1.2.3', '1.9', '1.09', '1.10', '1.10-b2', '1.10-b10', '10.1', 'v2', 'v10'];
  const long = `build-${'9'.repeat(19)}`;
  const longest = Array.from({ length: 64 }, (_, at) => at % 10).join('.');
  for (const name of [...names, `${long}8`, long, longest.slice(0, 127)].reverse()) {
    await putTag(server.ctx, alice, versions, { name, imageId: base.id, engine: ENGINE });
  }
  const wanted = { limit: 100, offset: 0, sort: 'name' } as const;
  const sorted = namesOf(await listTagPage(server.ctx, ANYBODY, versions, wanted));
  expect(sorted).toEqual([
    longest.slice(0, 127),
    '1.2',
    '1.2-rc1',
    '1.2.3',
    '1.09',
    '1.9',
    '1.10',
    '1.10-b2',
    '1.10-b10',
    '10.1',
    long,
    `${long}8`,
    'latest',
    'v2',
    'v10',
  ]);
});

it('has the account that set a tag last', async () => {
  const { tags } = await read({ text: 'latest' });
  expect(tags).toMatchObject([{ setBy: 'alice' }]);
});

it('ten thousand tags are counted and paged', async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => index);
  await pushImages(server, 'alice/many', chain);
  await server.ctx.db.raw(
    `insert into tags (repository_id, name, image_id) select i.repository_id, 'n' || n, i.image_id
     from repository_images i join repositories r on r.id = i.repository_id, unnest(?::integer[]) n
     where r.name = 'many' and i.image_id = ?`,
    [rows, top.id],
  );
  const many = { namespace: 'alice', name: 'many' };
  const page = await listTagPage(server.ctx, ANYBODY, many, { limit: 25, offset: 9000, sort: 'updated', text: 'n' });
  expect([page.total, page.tags.length, page.tags[0]?.totalSizeBytes]).toEqual([10_000, 25, 6000]);
});

it('a private repository has none for other users', async () => {
  await pushPrivate(server, 'alice/secret', [createImage()]);
  const wanted = { limit: 10, offset: 0, sort: 'name' } as const;
  const secret = { namespace: 'alice', name: 'secret' };
  const bob = await actorOf(server, 'bobby');
  await expect(listTagPage(server.ctx, bob, secret, wanted)).rejects.toMatchObject({ code: 'not_found' });
  await expect(listTagPage(server.ctx, ANYBODY, secret, wanted)).rejects.toMatchObject({ code: 'not_found' });
});
