import request from 'supertest';
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

describe('GET / by a browser', () => {
  it('answers the first page of the hub to browsers, which ask for HTML', async () => {
    const asked = request(server.server).get('/?from=elsewhere').set('Accept', 'text/html,*/*;q=0.8');
    const { status, text, headers } = await asked;
    expect([status, headers['content-type'], headers['vary']]).toEqual([200, 'text/html; charset=utf-8', 'Accept']);
    expect(text).toContain('A hub for docker engines');
  });

  it('answers the greeting to programs that accept anything', async () => {
    const { text } = await request(server.server).get('/').set('Accept', '*/*');
    expect(text).toBe('"\\"docker-registry server\\""');
  });
});

describe('GET /v2/ (protocol 0.4)', () => {
  it.each(['docker/0.6.7', 'docker/1.9.1 go/go1.4', 'docker/1.13.1 go/go1.7', 'docker/17.05.0-ce go/go1.7'])(
    'answers %s with the text that sends it back to v1, without the header that would keep it in v2 (E27)',
    async (agent) => {
      for (const path of ['/v2/', '/v2/alice/app/manifests/latest', '/v2/alice/app/tags/list']) {
        const { status, text, headers } = await request(server.server).get(path).set('User-Agent', agent);
        expect([status, text, headers['content-type']]).toEqual([404, '404 page not found\n', 'text/plain']);
        expect(headers).not.toHaveProperty('docker-distribution-api-version');
      }
    },
  );

  it('answers 404 to the uploads that docker 1.13 tries all the same (E27)', async () => {
    const headers = { 'User-Agent': 'docker/1.13.1 go/go1.7' };
    const { status } = await call(server, 'post', '/v2/alice/app/blobs/uploads/', { headers });
    expect(status).toBe(404);
  });
});
