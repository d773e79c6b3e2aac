import request from 'supertest';
import { startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe('below /v2', () => {
  it.each([
    ['/v2/nothing', 'nothing at this address'],
    ['/v2/a/b/c/manifests/latest', 'the name a/b/c: it has more than one'],
    ['/v2/a/b/c/d/blobs/uploads/', 'the name a/b/c/d: it has more than one'],
  ])('answers 404 in JSON to %s', async (path, message) => {
    for (const method of ['get', 'post', 'delete'] as const) {
      const { status, body, headers } = await request(server.server)[method](path);
      expect([status, headers['content-type']]).toEqual([404, 'application/json']);
      expect(body.errors).toEqual([{ code: 'NAME_UNKNOWN', message: expect.stringContaining(message), detail: null }]);
    }
  });

  it('answers 405 to a method that a path does not have, and names the others', async () => {
    const { status, body, headers } = await request(server.server).delete('/v2/');
    expect([status, body.errors[0].code, headers['allow']]).toEqual([405, 'UNSUPPORTED', 'GET, HEAD, OPTIONS']);
  });

  it('hides the cause of an unexpected error', async () => {
    const find = jest.spyOn(server.ctx.recentLogins, 'get').mockImplementation(() => {
      throw new Error('a secret');
    });
    const { status, body, headers } = await request(server.server).get('/v2/').auth('alice', 'alicepw');
    find.mockRestore();
    const error = { code: 'UNKNOWN', message: 'internal server error', detail: null };
    expect([status, body, headers['x-request-id']]).toEqual([500, { errors: [error] }, expect.any(String)]);
  });
});
