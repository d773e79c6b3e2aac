import { listUsersPage } from '../../../src/features/accounts/user-list';
import { actorOf } from '../../helpers/actors';
import { askApi } from '../../helpers/api-client';
import { recordStatements } from '../../helpers/statements';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { asUser } from '../../helpers/v2-client';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

async function lastSeen(username: string): Promise<Date | undefined> {
  const root = await actorOf(server, 'root');
  const { users } = await listUsersPage(server.ctx, root, { text: username }, { page: 1, pageSize: 1 });
  return users[0]?.lastSeenAt;
}

/** The write does not hold the request up, so that it may come a moment later. */
async function isSeen(username: string): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await lastSeen(username)) !== undefined) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

it.each([
  ['an engine that logs in', 'engineer', () => asUser(server, 'get', '/v1/users/', 'engineer')],
  ['a client of v2', 'modern', () => asUser(server, 'get', '/v2/token?service=hub', 'modern')],
  [
    'a program that uses the API with the password',
    'scripter',
    () => askApi(server, 'get', '/api/v1.1/orgs/', { as: 'scripter' }),
  ],
])('%s is seen', async (_what, username, use) => {
  await addUser(server, username);
  expect(await lastSeen(username)).toBeUndefined();
  expect((await use()).status).toBe(200);
  expect(await isSeen(username)).toBe(true);
});

it('a wrong password, and the right one of an inactive account, are not', async () => {
  await addUser(server, 'guessed');
  await addUser(server, 'asleep', { isActive: false });
  const wrong = { Authorization: `Basic ${Buffer.from('guessed:wrong one').toString('base64')}` };
  expect((await askApi(server, 'get', '/api/v1.1/orgs/', { headers: wrong })).status).toBe(401);
  expect((await askApi(server, 'get', '/api/v1.1/orgs/', { headers: { Authorization: basic('asleep') } })).status).toBe(
    403,
  );
  await askApi(server, 'get', '/api/v1.1/orgs/', { as: 'root' });
  expect(await isSeen('root')).toBe(true);
  expect([await lastSeen('guessed'), await lastSeen('asleep')]).toEqual([undefined, undefined]);
});

it('many requests in a row write nothing more', async () => {
  await addUser(server, 'builder');
  await asUser(server, 'get', '/v1/users/', 'builder');
  expect(await isSeen('builder')).toBe(true);
  const { statements } = await recordStatements(server.ctx.db, async () => {
    for (let times = 0; times < 5; times += 1) await asUser(server, 'get', '/v1/users/', 'builder');
    server.ctx.recentLogins.delete('builder', 'builderpw');
    await asUser(server, 'get', '/v1/users/', 'builder');
  });
  expect(statements.filter((text) => text.includes('last_seen_at'))).toEqual([]);
});
