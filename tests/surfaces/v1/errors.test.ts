import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { rawRequest, sendRaw } from '../../helpers/raw-http';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const UUID = /^[0-9a-f-]{36}$/;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

function expectJson(response: request.Response, status: number): unknown {
  expect(response.status).toBe(status);
  expect(response.headers['content-type']).toBe('application/json');
  expect(response.headers['x-docker-registry-version']).toBe('0.9.1');
  return JSON.parse(response.text);
}

describe('unknown paths', () => {
  it.each(['/v1/', '/v1/nothing', '/v1/images/', '/v1/users/alice/extra/', '/v1/repositories/'])(
    '%s is a 404 in JSON, in the words of the Hub',
    async (path) => {
      const response = await request(server.server).get(`${path}?q=1`);
      expect(expectJson(response, 404)).toEqual({
        status_code: '404',
        error: `The requested URL (${path}) was not found on this server.`,
      });
    },
  );

  it.each(['/nothing', '/favicon.png', '/V1/_ping'])('%s outside of v1 is a 404 without HTML', async (path) => {
    const response = await request(server.server).get(path).expect(404);
    expect(response.headers['content-type']).not.toMatch(/html/);
  });

  it.each(['/v1/users/%E0%A4%A', '/v1/users/%', '/v1/repositories/alice/%zz/images', '/v1/images/%C0/json'])(
    '%s has broken escapes: 400 in JSON',
    async (path) => {
      const put = await request(server.server).put(path).set('Authorization', basic('alice')).send('{}');
      expect(expectJson(put, 400)).toEqual({ error: 'Bad request' });
    },
  );
});

describe('another method on a known path', () => {
  it.each([
    ['put', '/v1/users', 'POST, GET, HEAD, OPTIONS'],
    ['get', '/v1/users/alice', 'PUT, OPTIONS'],
    ['post', '/v1/_ping', 'GET, HEAD, OPTIONS'],
    ['delete', '/v1/search', 'GET, HEAD, OPTIONS'],
    ['get', '/v1/repositories/alice/app', 'PUT, DELETE, OPTIONS'],
    ['get', '/v1/repositories/app/', 'PUT, DELETE, OPTIONS'],
    ['post', '/v1/repositories/alice/app/images', 'PUT, GET, HEAD, DELETE, OPTIONS'],
    ['get', '/v1/repositories/alice/app/auth', 'PUT, OPTIONS'],
    ['put', '/v1/repositories/alice/app/layer/0/access', 'GET, HEAD, OPTIONS'],
  ] as const)('%s %s is a 405 in JSON that allows %s', async (method, path, allow) => {
    const response = await request(server.server)[method](path);
    expect(expectJson(response, 405)).toEqual({ error: 'Method not allowed' });
    expect(response.headers['allow']).toBe(allow);
  });
});

describe('bodies over the limit', () => {
  const large = JSON.stringify({ username: 'x'.repeat(16 * 1024) });

  it.each([
    ['announced', [`Content-Length: ${large.length}`], large],
    ['chunked', ['Transfer-Encoding: chunked'], `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`],
  ])('%s is a 413 in JSON', async (_, headers, body) => {
    const text = ['POST /v1/users/ HTTP/1.1', 'Host: hub.test', ...headers, 'Connection: close', '', body].join('\r\n');
    const answer = await sendRaw(server.port, text);
    expect(answer.head[0]).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.head).toContain('Content-Type: application/json');
    expect(JSON.parse(answer.body)).toEqual(expect.any(String));
  });

  it('a client that is still sending gets the answer, and the server keeps running (R17)', async () => {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const head =
      'POST /v1/users/ HTTP/1.1\r\nHost: hub.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
    const answer = await sendRaw(server.port, `${head}${chunk.repeat(320)}0\r\n\r\n`);
    expect(answer.head[0]).toMatch(/^HTTP\/1\.1 413 /);
    expect(JSON.parse(answer.body)).toEqual(expect.any(String));
    await request(server.server).get('/v1/_ping').expect(200);
  });

  it('a client that disconnects in the middle does not harm the server', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST /v1/users/ HTTP/1.1\r\nHost: hub.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"use');
    await sleep(50);
    socket.destroy();
    await sleep(50);
    await request(server.server).get('/v1/_ping').expect(200);
  });

  it('that of an update is a 413 in JSON', async () => {
    const response = await request(server.server)
      .put('/v1/users/alice/')
      .set('Authorization', basic('alice'))
      .send(large);
    expect(expectJson(response, 413)).toEqual(expect.any(String));
  });
});

describe('requests that are not HTTP', () => {
  it('a broken request line is a 400 in JSON', async () => {
    const answer = await sendRaw(server.port, 'NONSENSE\r\n\r\n');
    expect(answer.head[0]).toBe('HTTP/1.1 400 Bad Request');
    expect(JSON.parse(answer.body)).toEqual({ error: 'Bad Request' });
  });

  it('headers without an end are a 431 in JSON', async () => {
    const answer = await sendRaw(server.port, rawRequest('GET /v1/_ping', [`X-Long: ${'x'.repeat(20_000)}`]));
    expect(answer.head[0]).toBe('HTTP/1.1 431 Request Header Fields Too Large');
    expect(JSON.parse(answer.body)).toEqual({ error: 'Request Header Fields Too Large' });
  });
});

describe('the request id', () => {
  it.each(['/v1/_ping', '/v1/users', '/v1/nothing', '/nothing', '/v1/users/%'])(
    'is in the answer to %s',
    async (path) => {
      const response = await request(server.server).get(path);
      expect(response.headers['x-request-id']).toMatch(UUID);
    },
  );

  it('is taken from the client if it is harmless', async () => {
    const ask = (id: string) => request(server.server).get('/v1/_ping').set('X-Request-Id', id);
    expect((await ask('abc-1.2_3')).headers['x-request-id']).toBe('abc-1.2_3');
    expect((await ask('a b')).headers['x-request-id']).toMatch(UUID);
    expect((await ask('x'.repeat(65))).headers['x-request-id']).toMatch(UUID);
  });
});

describe('a broken database', () => {
  let broken: TestServer;
  beforeAll(async () => {
    broken = await startTestServer();
    await addUser(broken, 'alice');
    await broken.ctx.db.raw(
      'alter table users rename to users_gone; alter table repositories rename to repositories_gone',
    );
  });
  afterAll(() => broken.close());

  it.each([
    ['get', '/v1/users'],
    ['post', '/v1/users'],
    ['put', '/v1/users/alice/'],
    ['get', '/v1/search?q=x'],
    ['put', '/v1/repositories/alice/app/'],
    ['get', '/v1/repositories/alice/app/images'],
    ['get', '/v1/repositories/alice/app/tags'],
    ['get', `/v1/images/${'0'.repeat(64)}/json`],
  ] as const)('%s %s is a 500 with the request id and nothing of the cause', async (method, path) => {
    const test = request(broken.server)[method](path).set('Authorization', basic('alice'));
    const body = { username: 'robert', password: 'secret', email: 'robert@example.com' };
    const response = await (method === 'get' ? test : test.send(body));
    expect(expectJson(response, 500)).toEqual({
      error: 'Internal server error',
      request_id: response.headers['x-request-id'],
    });
    expect(response.headers['x-request-id']).toMatch(UUID);
  });

  it('does not stop the ping from answering', async () => {
    await request(broken.server).get('/v1/_ping').expect(200, 'true');
  });
});
