import { askApi } from '../../helpers/api-client';
import { createImage, pushImages } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

it('GET /storage/ counts a layer once in each namespace, and once in the total', async () => {
  const image = createImage();
  for (const [name, user] of [
    ['alice/app', 'alice'],
    ['alice/copy', 'alice'],
    ['robert/app', 'robert'],
  ] as const) {
    await pushImages(server, name, [image], { user });
  }
  const bytes = image.layer.length;
  const answer = await askApi(server, 'get', '/api/v1.1/storage/', { as: 'root', query: { page_size: 1 } });
  expect([answer.status, answer.body]).toMatchObject([
    200,
    {
      count: 2,
      results: [{ namespace: 'alice', repositories: 2, images: 2, layers: 1, bytes, limit: null }],
      ...{ repositories: 3, images: 1, blobs: 1, bytes, damaged_layers: 0, never_verified: 1, verified_last_week: 0 },
      oldest_verification: null,
      ...{ layers_read: 1, layers_unread: 0, layers_unreadable: 0 },
    },
  ]);
});

it('GET /storage/ is for administrators', async () => {
  expect((await askApi(server, 'get', '/api/v1.1/storage/', { as: 'alice' })).status).toBe(403);
  expect((await askApi(server, 'get', '/api/v1.1/storage/')).status).toBe(401);
});
