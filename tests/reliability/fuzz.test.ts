import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { createImage, pushImages, startPull, startPush } from '../helpers/images';
import { pushPrivate } from '../helpers/isolation';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';
import { badRequests, type BadRequest, type Known } from './fuzz-requests';

/** How many requests, and how many of them at once; the issue asks for at least 20,000. */
const REQUESTS = 20_000;
const AT_ONCE = 16;
/** A request that takes longer counts as hanging. */
const HANGS_MS = 20_000;

/** A secret in everything that only alice may see. */
const SECRET = 'the-secret-of-alice';

let server: TestServer;
let known: Known;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'mallory']) await addUser(server, name);
  const secret = createImage({ note: SECRET, layer: Buffer.from(`${SECRET} in a layer`) });
  await pushPrivate(server, 'alice/secret', [secret]);
  await server.ctx.db('repositories').where({ name: 'secret' }).update({ description: SECRET });
  const open = createImage();
  await pushImages(server, 'alice/app', [open]);
  await pushImages(server, 'mallory/own', [createImage()], { user: 'mallory' });
  known = {
    imageIds: [secret.id, open.id],
    repositories: ['alice/secret', 'alice/app', 'library/app'],
    // Any account except alice's own, none of which may see her secret.
    authorizations: [
      basic('mallory'),
      await startPush(server, 'mallory/own', [], 'mallory'),
      await startPull(server, 'alice/app'),
      await startPull(server, 'mallory/own', 'mallory'),
    ],
  };
});
afterAll(async () => {
  agent.destroy();
  await server.close();
});

interface Seen {
  readonly status: number;
  readonly type: string;
  readonly head: string;
  readonly body: string;
}

function send({ method, path, headers, body }: BadRequest): Promise<Seen> {
  // Node would send the body of a GET without saying so.
  const all = body === undefined ? headers : { ...headers, 'Content-Length': String(body.length) };
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: server.port, method, path, headers: all, agent, timeout: HANGS_MS },
      (response) => {
        let text = '';
        response.setEncoding('latin1');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          const type = response.headers['content-type'] ?? '';
          resolve({ status: response.statusCode ?? 0, type, head: JSON.stringify(response.rawHeaders), body: text });
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error(`${method} ${path} hangs`)));
    request.on('error', reject);
    request.end(body);
  });
}

function expectGoodAnswer(request: BadRequest, { status, type, head, body }: Seen): void {
  const told = JSON.stringify({ ...request, body: request.body?.toString('latin1') });
  const fail = (what: string): never => {
    throw new Error(`${what}: ${status} ${type} ${body.slice(0, 300)}\nto ${told}`);
  };
  if (status < 200 || status >= 500) fail('a status that must not be');
  if (/<html|<!doctype/i.test(body) || type.includes('html')) fail('HTML');
  if (/\bat .*\.(ts|js):\d+/.test(body)) fail('a stack trace');
  if (body.includes(SECRET) || head.includes(SECRET)) fail('what only alice may see');
  const mayBeBinary = request.path.includes('/layer');
  if (body !== '' && request.path.startsWith('/v1/') && !mayBeBinary && request.method !== 'HEAD') JSON.parse(body);
}

it(`${REQUESTS} bad requests get proper answers: JSON, no 5xx, and no data of other users (R19)`, async () => {
  const statuses = new Map<number, number>();
  const batch = fc.array(badRequests(known), { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(
    fc.asyncProperty(batch, async (requests) => {
      await Promise.all(
        requests.map(async (request) => {
          const seen = await send(request);
          statuses.set(seen.status, (statuses.get(seen.status) ?? 0) + 1);
          expectGoodAnswer(request, seen);
        }),
      );
    }),
    { numRuns: REQUESTS / AT_ONCE, endOnFailure: true },
  );
  // Some requests passed the router and the credentials, and got answers that only valid requests get.
  for (const status of [200, 304, 400, 401, 403, 404, 405]) expect([...statuses.keys()]).toContain(status);
  expect((await server.ctx.db('repositories').where({ namespace: 'alice', name: 'secret' })).length).toBe(1);
});

const GARBAGE = [
  'GET\r\n\r\n',
  '\r\n\r\n\r\n',
  'GET /v1/_ping HTTP/9.9\r\n\r\n',
  'GET /v1/_ping HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
  'PUT /v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'PUT /v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  'POST /v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
  'POST /v1/users HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
  'GET /v1/_ping HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n',
  `GET /v1/_ping HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
  `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  'GET /v1/images/\u00ff\u00fe/json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
];

it.each(GARBAGE.map((bytes) => [bytes.slice(0, 60), bytes]))(
  'the server refuses %j in JSON and closes the connection',
  async (_, bytes) => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.end(Buffer.from(bytes, 'latin1')));
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      socket.on('close', () => resolve(text)).on('error', () => resolve(text));
      socket.setTimeout(HANGS_MS, () => reject(new Error('hangs')));
    });
    if (answer === '') return;
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).toContain('Content-Type: application/json');
    expect(answer).not.toMatch(/<html/i);
  },
);
