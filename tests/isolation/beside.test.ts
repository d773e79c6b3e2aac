import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { createAccountToken } from '../../src/features/accounts/own-access-tokens';
import { askApi } from '../helpers/api-client';
import { createImage, pushImages } from '../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';

/* What an access token for one repository allows in another, public one: to read, as an anonymous caller. */

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
  await pushImages(server, 'carol/app', [createImage()], { user: 'carol' });
});
afterAll(() => server.close());

const APP = '/api/v1.1/repositories/carol/app/';

async function authorizationFor(repositories: string[] | undefined): Promise<{ Authorization: string }> {
  const token = { name: repositories?.join() ?? 'all', access: 'admin', repositories } as const;
  const { secret } = await createAccountToken(server.ctx, OPERATOR_ACTOR, 'alice', token);
  return { Authorization: basic('alice', secret) };
}

it('it adds no stars, comments and flags, and does not see a star of its account (R10)', async () => {
  await askApi(server, 'put', `${APP}star/`, { as: 'alice' });
  const { body: comment } = await askApi(server, 'post', `${APP}comments/`, { as: 'alice', body: { text: 'hello' } });
  const limited = await authorizationFor(['alice/other']);
  const statuses = async (headers: { Authorization: string }): Promise<number[]> => [
    (await askApi(server, 'put', `${APP}star/`, { headers })).status,
    (await askApi(server, 'post', `${APP}comments/`, { headers, body: { text: 'hello' } })).status,
    (await askApi(server, 'put', `${APP}comments/${comment.id}/flag/`, { headers })).status,
    (await askApi(server, 'delete', `${APP}comments/${comment.id}/`, { headers })).status,
    (await askApi(server, 'delete', `${APP}star/`, { headers })).status,
  ];
  const isStarred = async (headers: { Authorization: string }): Promise<unknown> =>
    (await askApi(server, 'get', APP, { headers })).body.is_starred;
  const whole = await authorizationFor(undefined);
  expect([await isStarred(limited), await isStarred(whole)]).toEqual([false, true]);
  expect(await statuses(limited)).toEqual([403, 403, 403, 403, 403]);
  expect(await statuses(whole)).toEqual([204, 201, 204, 204, 204]);
});
