import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { deleteUserWithRepositories } from '../../../src/features/repositories/owner-deletion';
import { askApi } from '../../helpers/api-client';
import { createChain, pushImages } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'sarah']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  await pushImages(server, 'sarah/app', createChain(1), { user: 'sarah' });
  await deleteUserWithRepositories(server.ctx, OPERATOR_ACTOR, 'sarah');
});
afterEach(() => server.close());

const NAMES = '/api/v1.1/retired-names/';

it('administrators list and release the names that nobody can take', async () => {
  const list = async () => (await askApi(server, 'get', NAMES, { as: 'root' })).body.results as object[];
  const free = async (name: string, as = 'root') => (await askApi(server, 'delete', `${NAMES}${name}/`, { as })).status;
  await server.ctx.db('repository_aliases').insert({ namespace: 'alice', name: 'old' });
  const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
  expect(await list()).toEqual([
    { name: 'alice/old', since, held_by: null },
    { name: 'sarah', since, held_by: null },
  ]);
  expect((await askApi(server, 'get', NAMES, { as: 'alice' })).status).toBe(403);
  expect(await free('sarah', 'alice')).toBe(403);
  expect(await free('alice')).toBe(404);
  expect(await free('alice/app')).toBe(404);
  expect(await free('alice/old')).toBe(204);
  expect(await free('sarah')).toBe(204);
  expect(await free('sarah')).toBe(404);
  expect(await list()).toEqual([]);
});
