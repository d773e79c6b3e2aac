import { askApi } from '../../helpers/api-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  await askApi(server, 'post', '/api/v1.1/orgs/', { as: 'alice', body: { name: 'acme' } });
});
afterEach(() => server.close());

const as = 'alice';
const ROBOTS = '/api/v1.1/orgs/acme/robots/';
const CI = `${ROBOTS}ci/`;
const TOKENS = `${CI}tokens/`;

it('a robot is created by a PUT, also by a second one, is listed, and deleted', async () => {
  const made = await askApi(server, 'put', CI, { as });
  expect([made.status, made.body.username]).toEqual([201, 'acme+ci']);
  const again = await askApi(server, 'put', CI, { as });
  expect([again.status, again.body]).toEqual([200, made.body]);
  expect((await askApi(server, 'get', CI, { as })).body).toEqual(made.body);
  await askApi(server, 'put', `${ROBOTS}builder/`, { as: 'root' });
  const { body } = await askApi(server, 'get', ROBOTS, { as, query: { page_size: 1, page: 2 } });
  expect(body).toMatchObject({ count: 2, results: [{ username: 'acme+ci' }] });
  expect((await askApi(server, 'delete', CI, { as })).status).toBe(204);
  expect((await askApi(server, 'delete', CI, { as })).status).toBe(404);
  expect((await askApi(server, 'get', CI, { as })).status).toBe(404);
  expect((await askApi(server, 'put', `${ROBOTS}No%20Name/`, { as })).status).toBe(400);
});

it('a robot logs in with its tokens until they are revoked', async () => {
  await askApi(server, 'put', CI, { as });
  await askApi(server, 'put', '/api/v1.1/orgs/acme/teams/developers/', { as, body: {} });
  await askApi(server, 'put', '/api/v1.1/orgs/acme/teams/developers/members/acme+ci/', { as });
  const made = await askApi(server, 'post', TOKENS, { as, body: { name: 'build' } });
  expect(made.status).toBe(201);
  const { token, ...rest } = made.body;
  expect(token).toMatch(/^ddt_\w{40}$/);
  expect(rest).toMatchObject({ name: 'build', access: 'read', repositories: null, last_used_at: null });
  expect((await askApi(server, 'post', TOKENS, { as, body: { name: 'build' } })).status).toBe(409);

  const headers = { Authorization: basic('acme+ci', token) };
  const teams = async () => (await askApi(server, 'get', '/api/v1.1/orgs/acme/teams/', { headers })).status;
  expect(await teams()).toBe(200);
  const { body } = await askApi(server, 'get', TOKENS, { as });
  expect(body.results).toMatchObject([{ id: rest.id, last_used_address: expect.any(String) }]);
  expect(JSON.stringify(body)).not.toContain(token);
  expect((await askApi(server, 'delete', `${TOKENS}${rest.id}/`, { as })).status).toBe(204);
  expect((await askApi(server, 'delete', `${TOKENS}${rest.id}/`, { as })).status).toBe(404);
  expect(await teams()).toBe(401);
});

it('only owners can manage robots', async () => {
  await askApi(server, 'put', CI, { as });
  const { id } = (await askApi(server, 'post', TOKENS, { as, body: { name: 'build' } })).body;
  const requests = [
    ['get', ROBOTS],
    ['get', CI],
    ['put', CI],
    ['delete', CI],
    ['get', TOKENS],
    ['post', TOKENS],
    ['delete', `${TOKENS}${id}/`],
  ] as const;
  for (const [method, path] of requests) {
    const body = method === 'post' ? { body: { name: 'mine' } } : {};
    expect((await askApi(server, method, path, { as: 'robert', ...body })).status).toBe(403);
    expect((await askApi(server, method, path, body)).status).toBe(401);
  }
  expect((await askApi(server, 'get', `${ROBOTS}other/tokens/`, { as })).status).toBe(404);
});
