import { createOrganization } from '../../../src/features/namespaces/organizations';
import { askApi } from '../../helpers/api-client';
import { actorOf } from '../../helpers/actors';
import { createImage, pushImages } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

it('GET /statistics/ counts people, organizations, repositories, images and bytes, each once', async () => {
  const image = createImage();
  await pushImages(server, 'alice/app', [image], { user: 'alice' });
  await pushImages(server, 'alice/copy', [image], { user: 'alice' });
  const before = await askApi(server, 'get', '/api/v1.1/statistics/', { as: 'root' });
  expect([before.status, before.body]).toEqual([
    200,
    { users: 2, organizations: 0, repositories: 2, images: 1, stored_bytes: image.layer.length },
  ]);
  await createOrganization(server.ctx, await actorOf(server, 'alice'), 'acme');
  const after = await askApi(server, 'get', '/api/v1.1/statistics/', { as: 'root' });
  expect(after.body).toMatchObject({ users: 2, organizations: 1 });
});

it('GET /statistics/ is for administrators', async () => {
  expect((await askApi(server, 'get', '/api/v1.1/statistics/', { as: 'alice' })).status).toBe(403);
  expect((await askApi(server, 'get', '/api/v1.1/statistics/')).status).toBe(401);
});
