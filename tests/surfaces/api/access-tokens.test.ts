import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
});
afterEach(() => server.close());

const as = 'alice';
const TOKENS = '/api/v1.1/users/alice/tokens/';

const make = (body: object) => askApi(server, 'post', TOKENS, { as, body });

it('a token is shown once, works as a password within its limits, and ends', async () => {
  const body = { name: 'laptop', access: 'write', repositories: ['alice/app', 'busybox'] };
  const made = await make({ ...body, expires_at: '2999-01-01T00:00:00+01:00' });
  expect(made.status).toBe(201);
  const { token, ...rest } = made.body;
  expect(token).toMatch(/^ddt_\w{40}$/);
  expect(rest).toMatchObject({
    name: 'laptop',
    access: 'write',
    repositories: ['alice/app', 'library/busybox'],
    expires_at: '2998-12-31T23:00:00.000Z',
    last_used_at: null,
  });
  const listed = await askApi(server, 'get', TOKENS, { as });
  expect(listed.body).toEqual({ count: 1, next: null, previous: null, results: [rest] });
  expect(listed.text).not.toContain(token);
  const headers = { Authorization: basic('alice', token) };
  const search = async () => (await askApi(server, 'get', '/api/v1.1/search/', { headers })).status;
  expect(await search()).toBe(200);
  expect((await askApi(server, 'get', TOKENS, { as })).body.results[0].last_used_at).not.toBeNull();
  expect((await askApi(server, 'delete', `${TOKENS}${rest.id}/`, { as })).status).toBe(204);
  expect((await askApi(server, 'delete', `${TOKENS}${rest.id}/`, { as })).status).toBe(404);
  expect(await search()).toBe(401);
  const events = await listEvents(server.ctx, { action: 'token.', limit: 9 });
  expect(events.map(({ action, actor }) => [action, actor])).toEqual([
    ['token.revoked', 'alice'],
    ['token.created', 'alice'],
  ]);
});

it.each([
  [{ name: 'taken' }, 409],
  [{ name: '' }, 400],
  [{ name: 'x', access: 'all' }, 400],
  [{ name: 'x', repositories: [] }, 400],
  [{ name: 'x', repositories: ['No/Repository/Name'] }, 400],
  [{ name: 'x', expires_at: '2014-06-09T12:00:00Z' }, 400],
  [{ name: 'x', expires_at: 'tomorrow' }, 400],
  [{}, 400],
])('%j is refused with %i', async (body, status) => {
  await make({ name: 'taken' });
  expect((await make(body)).status).toBe(status);
});

it('tokens are hidden from other users, from administrators, and from requests with a token', async () => {
  const { id, token } = (await make({ name: 'all', access: 'admin' })).body;
  const withToken = { headers: { Authorization: basic('alice', token) } };
  for (const [method, path] of [
    ['get', TOKENS],
    ['post', TOKENS],
    ['delete', `${TOKENS}${id}/`],
  ] as const) {
    const body = method === 'post' ? { body: { name: 'more' } } : {};
    for (const other of ['robert', 'root']) {
      expect((await askApi(server, method, path, { as: other, ...body })).status).toBe(403);
    }
    expect((await askApi(server, method, path, { ...withToken, ...body })).status).toBe(403);
    expect((await askApi(server, method, path, body)).status).toBe(401);
  }
  expect((await askApi(server, 'delete', '/api/v1.1/users/robert/tokens/1/', { as: 'robert' })).status).toBe(404);
});
