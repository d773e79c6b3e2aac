import { call } from '../../helpers/registry-client';
import { startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe('GET / (protocol 4.0)', () => {
  it('greets with a JSON string within a JSON string', async () => {
    const { status, text, headers } = await call(server, 'get', '/');
    expect([status, text]).toEqual([200, '"\\"docker-registry server\\""']);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-docker-registry-version': '0.9.1',
      'cache-control': 'no-cache',
      vary: 'Accept',
    });
  });

  it('does not look at credentials', async () => {
    const { status } = await call(server, 'get', '/', { authorization: 'Basic bm86cGU=' });
    expect(status).toBe(200);
  });
});

describe('GET /v2/ (protocol 0.4)', () => {
  it.each(['/v2/', '/v2/alice/app/manifests/latest', '/v2/alice/app/tags/list'])(
    'answers 404 to %s, without the header that would keep engines in v2',
    async (path) => {
      const { status, headers } = await call(server, 'get', path);
      expect([status, headers['docker-distribution-api-version']]).toEqual([404, undefined]);
    },
  );

  it('answers 404 to the uploads that docker 1.13 tries all the same', async () => {
    const { status } = await call(server, 'post', '/v2/alice/app/blobs/uploads/');
    expect(status).toBe(404);
  });
});
