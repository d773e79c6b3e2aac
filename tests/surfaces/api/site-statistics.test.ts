import { createOrganization } from '../../../src/features/namespaces/organizations';
import { askApi } from '../../helpers/api-client';
import { actorOf } from '../../helpers/actors';
import { call } from '../../helpers/registry-client';
import { makeImage, pushImages } from '../../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

describe('GET /statistics/', () => {
  it('counts people, organizations, repositories, images and bytes, each once', async () => {
    const image = makeImage();
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
});

describe('GET /statistics/engines/', () => {
  it('lists what pulled and pushed, a page at a time', async () => {
    for (const version of ['1.5.0', '1.5.0', '1.7.1']) {
      await call(server, 'get', '/v1/repositories/alice/app/images', {
        authorization: basic('alice'),
        headers: { 'User-Agent': `docker/${version} go/go1.4 git-commit/0000000 kernel/3.16 os/linux arch/amd64` },
      });
    }
    await server.ctx.activity.flush();
    const query = { page_size: 1, days: 1 };
    const { body } = await askApi(server, 'get', '/api/v1.1/statistics/engines/', { as: 'root', query });
    expect(body.results).toEqual([{ engine: '1.5.0', kernel: '3.16', pulls: 2, pushes: 0 }]);
    const rest = await askApi(server, 'get', body.next.replace(server.url, ''), { as: 'root' });
    expect(rest.body.results).toMatchObject([{ engine: '1.7.1', pulls: 1 }]);
  });

  it.each(['0', '367', 'x'])('knows no %s days', async (days) => {
    const query = { days };
    expect((await askApi(server, 'get', '/api/v1.1/statistics/engines/', { as: 'root', query })).status).toBe(400);
  });
});

it.each(['/api/v1.1/statistics/', '/api/v1.1/statistics/engines/'])('%s is for administrators', async (path) => {
  expect((await askApi(server, 'get', path, { as: 'alice' })).status).toBe(403);
  expect((await askApi(server, 'get', path)).status).toBe(401);
});
