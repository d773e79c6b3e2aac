import { OPERATOR_ACTOR, identityOf, type Actor, type RepositoryName } from '../../../src/features/access/actor';
import { deleteUserAccount } from '../../../src/features/namespaces/account-deletion';
import { listEvents } from '../../../src/features/audit/audit';
import { listStarred } from '../../../src/features/social/stars';
import { actorOf, ANYBODY } from '../../helpers/actors';
import { makePrivate } from '../../helpers/registry-client';
import { startPush } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { getRepositoryDetails, listStargazers, setStar } from '../../helpers/by-name';

const USERS = ['alice', 'bobby', 'carol', 'david', 'erika', 'frank'];
const nameOf = (name: string): RepositoryName => ({ namespace: 'alice', name });

let server: TestServer;
let actors: Record<string, Actor>;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of USERS) await addUser(server, name);
  actors = Object.fromEntries(
    await Promise.all(USERS.map(async (name) => [name, await actorOf(server, name)] as const)),
  );
});
afterAll(() => server.close());

const idOf = (user: string): number => identityOf(actors[user]!)!.userId;
const star = (user: string, repository: string, isStarred = true) =>
  setStar(server.ctx, actors[user]!, nameOf(repository), isStarred);
const count = async (repository: string) => {
  const [row] = await server.ctx.db('repositories').where({ name: repository }).select('star_count');
  return (row as { star_count: number }).star_count;
};

it('an account has one star for a repository, however often it gives or removes it', async () => {
  await startPush(server, 'alice/once', []);
  expect(await star('alice', 'once')).toBe(1);
  expect(await star('alice', 'once')).toBe(1);
  expect(await star('bobby', 'once')).toBe(2);
  expect(await star('bobby', 'once', false)).toBe(1);
  expect(await star('bobby', 'once', false)).toBe(1);
  expect(await getRepositoryDetails(server.ctx, actors['alice']!, nameOf('once'))).toMatchObject({
    starCount: 1,
    isStarred: true,
  });
  expect(await getRepositoryDetails(server.ctx, ANYBODY, nameOf('once'))).toMatchObject({ isStarred: false });
  const events = await listEvents(server.ctx, { action: 'star.', subject: 'alice/once', limit: 10 });
  expect(events.map(({ action, actor }) => [action, actor])).toEqual([
    ['star.removed', 'bobby'],
    ['star.added', 'bobby'],
    ['star.added', 'alice'],
  ]);
});

it('the count is right when many users give and remove stars at once', async () => {
  await startPush(server, 'alice/race', []);
  const all = USERS.flatMap((user) => [true, true, false, true].map((isStarred) => star(user, 'race', isStarred)));
  await Promise.all(all);
  const stars = await server.ctx.db('stars').count('* as count').first();
  const others = await count('once');
  expect(await count('race')).toBe(Number(stars?.['count']) - others);
  await Promise.all(USERS.map((user) => star(user, 'race')));
  expect(await count('race')).toBe(USERS.length);
  await Promise.all(USERS.map((user) => star(user, 'race', false)));
  expect(await count('race')).toBe(0);
});

it('stars are deleted with the account, from every repository, and with the repository', async () => {
  for (const repository of ['a-one', 'a-two']) {
    await startPush(server, `alice/${repository}`, []);
    for (const user of ['erika', 'frank']) await star(user, repository);
  }
  await deleteUserAccount(server.ctx, OPERATOR_ACTOR, 'frank');
  expect([await count('a-one'), await count('a-two')]).toEqual([1, 1]);
  await server.ctx.db('repositories').where({ name: 'a-two' }).delete();
  const { stars } = await listStarred(server.ctx, actors['erika']!, idOf('erika'), { limit: 10 });
  expect(stars.map(({ name }) => name)).toEqual(['a-one']);
});

it('the repositories that a user starred are listed page by page, without those that they may no longer read', async () => {
  const names = ['p-one', 'p-two', 'p-three'];
  for (const name of names) {
    await startPush(server, `alice/${name}`, []);
    await star('carol', name);
  }
  await makePrivate(server, 'alice/p-two', 'alice');
  const first = await listStarred(server.ctx, actors['carol']!, idOf('carol'), { limit: 2 });
  expect(first.stars.map(({ name, starCount }) => [name, starCount])).toEqual([['p-three', 1]]);
  const second = await listStarred(server.ctx, actors['carol']!, idOf('carol'), { limit: 2, before: first.next });
  expect(second.stars.map(({ name }) => name)).toEqual(['p-one']);
  expect(second.next).toBeUndefined();
  const listFor = (actor: Actor) => listStarred(server.ctx, actor, idOf('carol'), { limit: 2 });
  await expect(listFor(ANYBODY)).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(listFor(actors['bobby']!)).rejects.toMatchObject({ code: 'forbidden' });
});

it('the users who starred a repository are listed page by page, for its readers', async () => {
  await startPush(server, 'alice/gazed', []);
  for (const user of ['bobby', 'carol', 'david']) await star(user, 'gazed');
  const list = (actor: Actor, before?: number) =>
    listStargazers(server.ctx, actor, nameOf('gazed'), { limit: 2, before });
  const first = await list(ANYBODY);
  expect(first.stars.map(({ username }) => username)).toEqual(['david', 'carol']);
  expect((await list(ANYBODY, first.next)).stars.map(({ username }) => username)).toEqual(['bobby']);
  await makePrivate(server, 'alice/gazed', 'alice');
  await expect(list(actors['bobby']!)).rejects.toMatchObject({ code: 'not_found' });
});

it('only accounts that may read give stars', async () => {
  await startPush(server, 'alice/closed', []);
  await expect(setStar(server.ctx, ANYBODY, nameOf('closed'), true)).rejects.toMatchObject({ code: 'unauthenticated' });
  await makePrivate(server, 'alice/closed', 'alice');
  await expect(star('bobby', 'closed')).rejects.toMatchObject({ code: 'not_found' });
  await expect(star('bobby', 'nothing')).rejects.toMatchObject({ code: 'not_found' });
  expect(await count('closed')).toBe(0);
});
