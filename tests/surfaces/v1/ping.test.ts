import request from 'supertest';
import { startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe('GET /v1/_ping', () => {
  it.each(['/v1/_ping', '/v1/_ping/', '/_ping', '/_ping/'])(
    '%s answers true with the headers that engines look for (E1)',
    async (path) => {
      const response = await request(server.server).get(path).expect(200);
      expect(response.text).toBe('true');
      expect(response.headers).toMatchObject({
        'x-docker-registry-version': '0.9.1',
        'x-docker-registry-standalone': 'False',
        'x-docker-registry-config': 'emulator',
        'content-type': 'application/json',
        'cache-control': 'no-cache',
        pragma: 'no-cache',
        expires: '-1',
        vary: 'Accept',
      });
    },
  );

  it('ignores credentials', async () => {
    const response = await request(server.server).get('/v1/_ping').set('Authorization', 'Basic bm9ib2R5Ondyb25n');
    expect([response.status, response.text]).toEqual([200, 'true']);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const response = await request(server.server).head('/v1/_ping').expect(200);
    expect(response.headers).toMatchObject({ 'x-docker-registry-version': '0.9.1', 'content-length': '4' });
  });
});
