import { createAccountToken } from '../../../src/features/accounts/own-access-tokens';
import { OPERATOR_ACTOR, type AccessLevel } from '../../../src/features/access/actor';
import { askApi } from '../../helpers/api-client';
import { addUser, basic, passwordOf, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

async function tokenOf(name: string, access: AccessLevel, repositories?: string[]): Promise<string> {
  const wanted = { name, access, repositories };
  return (await createAccountToken(server.ctx, OPERATOR_ACTOR, 'alice', wanted)).secret;
}

async function statuses(password: string): Promise<number[]> {
  const headers = { Authorization: basic('alice', password) };
  const change = { company: 'Acme' };
  const replies = [
    await askApi(server, 'get', '/api/v1.1/repositories/alice/', { headers }),
    await askApi(server, 'get', '/api/v1.1/users/alice/', { headers }),
    await askApi(server, 'patch', '/api/v1.1/users/alice/', { headers, body: change }),
    await askApi(server, 'post', '/api/v1.1/users/alice/emails/', { headers, body: { email: 'x' } }),
    await askApi(server, 'put', '/api/v1.1/users/alice/password/', {
      headers,
      body: { current_password: password, password: 'stolen account' },
    }),
  ];
  return replies.map(({ status }) => status);
}

it('what an access token may do with its account, by its access and its repositories', async () => {
  expect({
    read: await statuses(await tokenOf('read', 'read')),
    write: await statuses(await tokenOf('write', 'write')),
    admin: await statuses(await tokenOf('admin', 'admin')),
    'admin of one repository': await statuses(await tokenOf('one', 'admin', ['alice/app'])),
  }).toEqual({
    read: [200, 403, 403, 403, 403],
    write: [200, 403, 403, 403, 403],
    admin: [200, 200, 200, 403, 403],
    'admin of one repository': [200, 403, 403, 403, 403],
  });
  // The password itself may do all of it, as far as the input is valid.
  expect((await statuses(passwordOf('alice'))).slice(0, 4)).toEqual([200, 200, 200, 400]);
});
