import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import request from 'supertest';
import { createImage, pushImages, startPull, startPush } from '../helpers/images';
import { pushPrivate } from '../helpers/isolation';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';
import { digestOf, OCI_MANIFEST, pushImage, startUpload } from '../helpers/v2-client';
import { badRequests, type BadRequest, type Known } from './fuzz-requests';
import { badV2Requests, manifestsWithBadTexts, type KnownOfV2 } from './fuzz-v2-requests';

/** How many requests, and how many of them at once; the issue asks for at least 20,000. */
const REQUESTS = 20_000;
const V2_REQUESTS = 4_000;
const AT_ONCE = 16;
/** A request that takes longer counts as hanging. */
const HANGS_MS = 20_000;

/** A secret in everything that only alice may see. */
const SECRET = 'the-secret-of-alice';

let server: TestServer;
let known: Known;
let knownOfV2: KnownOfV2;
/** in a repository of mallory */
let ownConfig: object;
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
  const hidden = Buffer.from(`${SECRET} in a blob`);
  const ofAlice = await pushImage(server, 'alice/secret', 'latest', { layer: hidden });
  const own = await pushImage(server, 'mallory/own', 'latest', { user: 'mallory' });
  ownConfig = own.config;
  const { body } = await request(server.server)
    .get('/v2/token?scope=repository:mallory/own:*&scope=repository:alice/secret:*')
    .set('Authorization', basic('mallory'));
  const uploads = [await startUpload(server, 'alice/secret'), await startUpload(server, 'mallory/own', 'mallory')];
  knownOfV2 = {
    digests: [ofAlice, own].flatMap(({ manifest, config, layer }) => [manifest.digest, config.digest, layer.digest]),
    uploads: uploads.map((location) => location.split('/').at(-1) ?? ''),
    authorizations: [basic('mallory'), `Bearer ${String(body.token)}`],
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
    request.on('error', (cause) =>
      reject(new Error(`no answer to ${method} ${path} ${JSON.stringify(all)}`, { cause })),
    );
    request.end(body);
  });
}

function expectGoodAnswer(asked: BadRequest, { status, type, head, body }: Seen): void {
  const told = JSON.stringify({ ...asked, body: asked.body?.toString('latin1') }).slice(0, 3000);
  const fail = (what: string): never => {
    throw new Error(`${what}: ${status} ${type} ${body.slice(0, 300)}\nto ${told}`);
  };
  if (status < 200 || status >= 500) fail('a status that must not be');
  if (/<html|<!doctype/i.test(body) || type.includes('html')) fail('HTML');
  if (/\bat .*\.(ts|js):\d+/.test(body)) fail('a stack trace');
  if (body.includes(SECRET) || head.includes(SECRET)) fail('what only alice may see');
  const mayBeBinary = asked.path.includes('/layer');
  if (body !== '' && asked.path.startsWith('/v1/') && !mayBeBinary && asked.method !== 'HEAD') JSON.parse(body);
  if (head.toLowerCase().includes('docker-distribution-api-version')) fail('a header that must not be');
  const isV2Error = status >= 400 && asked.path.startsWith('/v2') && asked.method !== 'HEAD';
  if (!isV2Error || (status === 416 && body === '')) return;
  const { errors } = JSON.parse(body) as { errors?: { code: unknown; message: unknown }[] };
  if (!/^[A-Z_]+$/.test(String(errors?.[0]?.code)) || typeof errors?.[0]?.message !== 'string')
    fail('another error form');
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

it(`${V2_REQUESTS} bad requests to v2 get proper answers, too (R19)`, async () => {
  const statuses = new Map<number, number>();
  const batch = fc.array(badV2Requests(knownOfV2), { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(
    fc.asyncProperty(batch, async (requests) => {
      await Promise.all(
        requests.map(async (each) => {
          const seen = await send(each);
          statuses.set(seen.status, (statuses.get(seen.status) ?? 0) + 1);
          expectGoodAnswer(each, seen);
        }),
      );
    }),
    { numRuns: V2_REQUESTS / AT_ONCE, endOnFailure: true },
  );
  for (const status of [200, 202, 400, 401, 403, 404, 405]) expect([...statuses.keys()]).toContain(status);
});

it('a manifest with texts that a database refuses is stored or refused (R19)', async () => {
  for (const text of manifestsWithBadTexts(ownConfig)) {
    const path = `/v2/mallory/own/manifests/${digestOf(text)}`;
    const headers = { Authorization: basic('mallory'), 'Content-Type': OCI_MANIFEST };
    const put = { method: 'PUT', path, headers, body: Buffer.from(text) };
    const seen = await send(put);
    expectGoodAnswer(put, seen);
    if (seen.status !== 201) continue;
    const get = { ...put, method: 'GET', body: undefined };
    expect((await send(get)).body).toBe(text);
  }
});

it.each([
  'mallory/own/tags/list?n=2&last=%00',
  '_catalog?n=2&last=%00',
  '_catalog?n=2&last=%ed%a0%80',
  `mallory/own/referrers/sha256:${'0'.repeat(64)}?artifactType=%00&last=%00`,
  'mallory/own/blobs/uploads/%00',
  'mallory/own/manifests/%00',
])('/v2/%s gets a proper answer (R19)', async (path) => {
  const get = { method: 'GET', path: `/v2/${path}`, headers: { Authorization: basic('mallory') }, body: undefined };
  expectGoodAnswer(get, await send(get));
});

const GARBAGE = [
  'GET\r\n\r\n',
  '\r\n\r\n\r\n',
  'GET /v1/_ping HTTP/9.9\r\n\r\n',
  'GET /v1/_ping HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
  'PUT /v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'PATCH /v2/a/b/blobs/uploads/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
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
