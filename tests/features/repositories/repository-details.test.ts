import type { Actor, RepositoryName } from '../../../src/features/access/actor';
import { searchRepositories } from '../../../src/features/search/search';
import { actorOf, ANYBODY, asking } from '../../helpers/actors';
import { startPush } from '../../helpers/images';
import { makePrivate } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { getRepositoryDetails, setImmutableTags, updateDescriptions } from '../../helpers/by-name';

const APP: RepositoryName = { namespace: 'alice', name: 'app' };
const SECRET: RepositoryName = { namespace: 'alice', name: 'secret' };

let server: TestServer;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  [alice, bob] = [await actorOf(server, 'alice'), await actorOf(server, 'bobby')];
  for (const name of ['app', 'secret']) await startPush(server, `alice/${name}`, []);
  await makePrivate(server, 'alice/secret', 'alice');
});
afterAll(() => server.close());

const update = (changes: Parameters<typeof updateDescriptions>[3], actor = alice, name = APP) =>
  updateDescriptions(server.ctx, actor, name, changes);

it('a new repository has no descriptions, and its details say what the actor may do', async () => {
  await startPush(server, 'alice/new', []);
  const NEW = { ...APP, name: 'new' };
  const nothing = {
    namespace: 'alice',
    name: 'new',
    state: 'initialized',
    visibility: 'public',
    isOfficial: false,
    tagCount: 0,
    description: '',
    fullDescription: '',
    isAutomated: false,
    starCount: 0,
    commentCount: 0,
    immutableTags: [],
    isStarred: false,
  };
  const owners = { canWrite: true, canAdminister: true };
  expect(await getRepositoryDetails(server.ctx, alice, NEW)).toMatchObject({ ...nothing, ...owners });
  const strangers = { canWrite: false, canAdminister: false };
  for (const actor of [bob, ANYBODY]) {
    expect(await getRepositoryDetails(server.ctx, actor, NEW)).toMatchObject({ ...nothing, ...strangers });
  }
});

it('descriptions are changed one by one or together, and search finds the short one', async () => {
  await update({ description: 'A whale of a tool', fullDescription: '# Whale\n' });
  await update({ description: '100 % whale' });
  await server.ctx.db('repositories').where({ name: 'app' }).update({ state: 'active' }); // like the end of a push
  await setImmutableTags(server.ctx, alice, APP, ['v*']);
  expect(await getRepositoryDetails(server.ctx, ANYBODY, APP)).toMatchObject({
    description: '100 % whale',
    fullDescription: '# Whale\n',
    immutableTags: ['v*'],
  });
  const { hits } = await searchRepositories(server.ctx, asking(ANYBODY), { term: 'whale', page: 1, pageSize: 10 });
  expect(hits).toMatchObject([{ name: 'alice/app', description: '100 % whale' }]);
  await update({ fullDescription: '' });
  expect(await getRepositoryDetails(server.ctx, ANYBODY, APP)).toMatchObject({ fullDescription: '' });
});

it('a change is recorded, and an update without a change is not', async () => {
  await update({ description: 'recorded' });
  const events = () => server.ctx.db('audit_events').where({ action: 'repository.described' });
  const before = (await events()).length;
  await update({ description: 'recorded' });
  await update({});
  expect(await events()).toHaveLength(before);
  await update({ description: 'recorded again' });
  expect(await events()).toHaveLength(before + 1);
});

it('only administrators of the repository change descriptions', async () => {
  const changes = { description: 'mine' };
  await expect(update(changes, bob)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(update(changes, ANYBODY)).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(update(changes, bob, SECRET)).rejects.toMatchObject({ code: 'not_found' });
  await expect(getRepositoryDetails(server.ctx, bob, SECRET)).rejects.toMatchObject({ code: 'not_found' });
});

it.each([
  [{ description: 'x'.repeat(101) }],
  [{ description: 'two\nlines' }],
  [{ description: 'an escape \u001b[2J' }],
  [{ description: 'half \ud83d' }],
  [{ fullDescription: 'x'.repeat(64 * 1024 + 1) }],
  [{ fullDescription: 'é'.repeat(32 * 1024 + 1) }],
  [{ fullDescription: 'a\0b' }],
])('%j is too long, or not text', async (changes) => {
  await expect(update(changes)).rejects.toMatchObject({ code: 'invalid' });
});

it.each([
  [{ description: '🐳'.repeat(100) }],
  [{ fullDescription: 'é'.repeat(32 * 1024) }],
  [{ fullDescription: 'a\tb\r\nc' }],
])('a text that is just short enough is stored as it is (%#)', async (changes) => {
  await update(changes);
  expect(await getRepositoryDetails(server.ctx, ANYBODY, APP)).toMatchObject(changes);
});
