import { askApi, logIn } from '../../helpers/api-client';
import { codeOf, wrongCode } from '../../helpers/second-factor';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
});
afterEach(() => server.close());

const PATH = '/api/v1.1/users/alice/second-factor/';
const SESSION = '/api/v1.1/session/';

it('can be begun, confirmed, used and turned off by scripts', async () => {
  const headers = await logIn(server, 'alice');
  const begun = await askApi(server, 'post', PATH, { headers });
  expect(begun.status).toBe(201);
  const { secret } = begun.body;
  const wrong = await askApi(server, 'put', PATH, { headers, body: { code: wrongCode(secret) } });
  expect(wrong.status).toBe(400);
  const on = await askApi(server, 'put', PATH, { headers, body: { code: codeOf(secret) } });
  expect(on.status).toBe(200);
  const [first, second, third] = on.body.recovery_codes;
  const shown = await askApi(server, 'get', PATH, { headers });
  expect(shown.body).toMatchObject({ is_on: true, recovery_codes_left: 10 });
  expect((await askApi(server, 'get', PATH, { as: 'alice' })).status).toBe(401);

  const given = { username: 'alice', password: 'alicepw' };
  const needed = await askApi(server, 'post', SESSION, { body: given });
  expect(needed.status).toBe(401);
  expect(needed.body.errors).toEqual([{ field: 'body.code', message: 'is required' }]);
  const mistyped = await askApi(server, 'post', SESSION, { body: { ...given, code: wrongCode(secret) } });
  expect(mistyped.body).toMatchObject({ status: 401, errors: [{ field: 'body.code', message: 'is wrong' }] });
  expect((await askApi(server, 'post', SESSION, { body: { ...given, code: codeOf(secret, 1) } })).status).toBe(201);
  expect((await askApi(server, 'post', SESSION, { body: { ...given, code: first } })).status).toBe(201);

  const renewed = await askApi(server, 'post', `${PATH}recovery-codes/`, { headers, body: { code: second } });
  expect(renewed.status).toBe(201);
  expect((await askApi(server, 'delete', PATH, { headers, body: { code: third } })).status).toBe(400);
  const body = { code: renewed.body.recovery_codes[0] };
  expect((await askApi(server, 'delete', PATH, { headers, body })).status).toBe(204);
  expect((await askApi(server, 'get', PATH, { as: 'alice' })).body.is_on).toBe(false);
});

it('can be turned off by an administrator without a code, and by no other user', async () => {
  const { secret } = (await askApi(server, 'post', PATH, { as: 'alice' })).body;
  expect((await askApi(server, 'put', PATH, { as: 'alice', body: { code: codeOf(secret) } })).status).toBe(200);
  expect((await askApi(server, 'delete', PATH, { as: 'robert', body: {} })).status).toBe(403);
  expect((await askApi(server, 'get', PATH, { as: 'robert' })).status).toBe(403);
  await server.ctx.db('users').where({ username: 'robert' }).update({ is_admin: true });
  expect((await askApi(server, 'delete', PATH, { as: 'robert', body: {} })).status).toBe(204);
  expect((await askApi(server, 'get', PATH, { as: 'alice' })).status).toBe(200);
});
