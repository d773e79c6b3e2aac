import { link } from '../../../src/features/openid/linking';
import { actorOf } from '../../helpers/actors';
import { askApi } from '../../helpers/api-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const SIGN_INS = '/api/v1.1/users/alice/sign-ins/';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  await link(server.ctx, await actorOf(server, 'alice'), 'alice', {
    issuer: 'https://sso.example.com/realms/work',
    subject: 'f81d4fae',
    email: 'alice@work.example.com',
    isEmailVerified: true,
    calledName: 'alice',
    groups: [],
    authenticatedAt: undefined,
  });
});
afterEach(() => server.close());

const idOf = async (): Promise<number> => (await askApi(server, 'get', SIGN_INS, { as: 'alice' })).body.results[0].id;

describe('/users/:username/sign-ins/', () => {
  it('lists the users of a provider that are linked, for the owner and administrators', async () => {
    const { body } = await askApi(server, 'get', SIGN_INS, { as: 'alice' });
    expect(body).toMatchObject({
      count: 1,
      results: [
        {
          issuer: 'https://sso.example.com/realms/work',
          subject: 'f81d4fae',
          email: 'alice@work.example.com',
        },
      ],
    });
    expect((await askApi(server, 'get', SIGN_INS, { as: 'root' })).body).toEqual(body);
    expect((await askApi(server, 'get', SIGN_INS, { as: 'robert' })).status).toBe(403);
    expect((await askApi(server, 'get', SIGN_INS)).status).toBe(401);
  });

  it('unlinks one, once', async () => {
    const path = `${SIGN_INS}${await idOf()}/`;
    expect((await askApi(server, 'delete', path, { as: 'robert' })).status).toBe(403);
    expect((await askApi(server, 'delete', path, { as: 'alice' })).status).toBe(204);
    expect((await askApi(server, 'delete', path, { as: 'alice' })).status).toBe(404);
    expect((await askApi(server, 'get', SIGN_INS, { as: 'alice' })).body.results).toEqual([]);
  });
});
