import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { DAMAGES, layerFile } from '../../helpers/damage';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { isInstalled } from '../../helpers/installed';
import { startNginx, type Nginx } from '../../helpers/nginx';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const PREFIX = '/_drydock_layers/';
const SAMPLE = readFileSync(path.join(__dirname, '../../../deploy/nginx.conf'), 'utf8');
const ENGINE = 'docker/1.5.0 go/go1.4 kernel/3.16.0 os/linux arch/amd64';
const VIA_PROXY = { 'X-Forwarded-For': '10.0.0.1' };

let offloading: TestServer;
let direct: TestServer;
beforeAll(async () => {
  offloading = await startTestServer({ settings: { accelPrefix: PREFIX } });
  direct = await startTestServer();
  for (const server of [offloading, direct]) await addUser(server, 'alice');
});
afterAll(() => Promise.all([offloading.close(), direct.close()]));

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly rawNames: readonly string[];
  readonly body: Buffer;
}

async function ask(url: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  const req = httpRequest(url, { method, headers, agent: false }).end();
  const [response] = (await once(req, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const rawNames = response.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  return { status: response.statusCode, headers: response.headers, rawNames, body: Buffer.concat(chunks) };
}

const layer = randomBytes(3_000_000);
const size = layer.length;
const image = createImage({ layer });
const url = (base: string): string => `${base}/v1/images/${image.id}/layer`;
const tokens = new Map<TestServer, string>();
beforeAll(async () => {
  for (const server of [offloading, direct]) {
    await pushImages(server, 'alice/app', [image]);
    tokens.set(server, await startPull(server, 'alice/app'));
  }
});
const authorization = (server: TestServer): { Authorization: string } => ({ Authorization: tokens.get(server) ?? '' });

describe('with DRYDOCK_ACCEL_PREFIX, for nginx,', () => {
  const told = (headers: Record<string, string>, method = 'GET'): Promise<Answer> =>
    ask(url(offloading.url), { ...authorization(offloading), ...VIA_PROXY, ...headers }, method);

  it.each([
    {},
    { Range: 'bytes=10-20' },
    { Range: `bytes=10-${size}` },
    { Range: 'bytes=10-' },
    { 'User-Agent': ENGINE },
  ])('answers a layer with the name of its file and no body: %j', async (headers) => {
    const answer = await told(headers);
    const file = await layerFile({ db: offloading.ctx.db, blobDir: offloading.blobDir }, image);
    const expected = `${PREFIX}${path.relative(offloading.blobDir, file)}`;
    expect([answer.status, answer.headers['x-accel-redirect'], answer.body.length]).toEqual([200, expected, 0]);
  });

  it.each([
    [{ Range: 'bytes=-7' }, 206, 7],
    [{ Range: 'bytes=0-1,5-6' }, 200, size],
    [{ Range: 'bytes=9-3' }, 200, size],
    [{ Range: `bytes=${size}-${size}` }, 416, 0],
    [{ 'If-Range': '"tag"', Range: 'bytes=0-9' }, 206, 10],
    [{ 'If-Match': '"tag"' }, 200, size],
    [{ 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 304, 0],
  ])('answers requests itself that nginx would read differently: %j', async (headers, status, length) => {
    const answer = await told(headers);
    expect([answer.status, answer.body.length, answer.headers['x-accel-redirect']]).toEqual([
      status,
      length,
      undefined,
    ]);
  });

  it('answers a HEAD itself, with the length', async () => {
    const answer = await told({}, 'HEAD');
    expect([answer.status, answer.headers['content-length']]).toEqual([200, String(size)]);
    expect(answer.headers['x-accel-redirect']).toBeUndefined();
  });

  it('discloses nothing of a layer without access to it, or of a damaged one', async () => {
    const secret = createImage();
    await pushPrivate(offloading, 'alice/secret', [secret]);
    const denied = await ask(`${offloading.url}/v1/images/${secret.id}/layer`, VIA_PROXY);
    expect([denied.status, denied.headers['x-accel-redirect']]).toEqual([404, undefined]);
    const damaged = createImage();
    await pushImages(offloading, 'alice/damaged', [damaged]);
    await DAMAGES['wrong size']({ db: offloading.ctx.db, blobDir: offloading.blobDir }, damaged);
    const Authorization = await startPull(offloading, 'alice/damaged');
    const answer = await ask(`${offloading.url}/v1/images/${damaged.id}/layer`, { Authorization, ...VIA_PROXY });
    expect([answer.status, answer.headers['x-accel-redirect']]).toEqual([503, undefined]);
  });
});

it('sends the bytes to an engine that came without a proxy', async () => {
  const answer = await ask(url(offloading.url), { ...authorization(offloading), 'User-Agent': ENGINE });
  expect([answer.status, answer.body.equals(layer)]).toEqual([200, true]);
  expect(answer.headers['x-accel-redirect']).toBeUndefined();
});

/** The sample in `deploy/`, with this test's port, upstream and folder, and without its certificate. */
function sampleFor(server: TestServer, port: number): string {
  const changes: [string | RegExp, string][] = [
    ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
    [/ssl_certificate(_key)? .*;/g, ''],
    ['http://127.0.0.1:5000', server.url],
    ['alias /var/lib/drydock/blobs/;', `alias ${server.blobDir}/;`],
  ];
  return changes.reduce((text, [from, to]) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`deploy/nginx.conf no longer has ${from}`);
    return changed;
  }, SAMPLE);
}

function describeThroughNginx(): void {
  let nginx: Nginx;
  beforeAll(async () => {
    nginx = await startNginx((port) => sampleFor(offloading, port));
  });
  afterAll(() => nginx.close());

  /** Headers of the connection, not of the answer. */
  const HOP = ['date', 'server', 'connection', 'keep-alive', 'x-request-id', 'expires'];
  const shown = ({ status, headers, rawNames }: Answer): unknown => ({
    status,
    names: rawNames.filter((name) => !HOP.includes(name)).sort(),
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.includes(name))),
  });

  it.each<[string, Record<string, string>]>([
    ['GET', {}],
    ['GET', { 'User-Agent': ENGINE }],
    ['GET', { 'Accept-Encoding': 'gzip, br' }],
    ['HEAD', {}],
    ['HEAD', { Range: 'bytes=0-9' }],
    ...[
      'bytes=0-0',
      'bytes=10-19',
      `bytes=10-${size}`,
      `bytes=${size - 1}-${size}`,
      'bytes=1000-',
      `bytes=5-${'9'.repeat(15)}`,
      `bytes=5-${'9'.repeat(30)}`,
      'bytes=-7',
      `bytes=-${size + 100}`,
      'Bytes=1-2',
      `bytes=${size}-${size}`,
      `bytes=${size}-`,
      'bytes=-0',
      'bytes=0-1,5-6',
      'bytes=9-3',
      'bytes=a-b',
      'items=0-1',
    ].map<[string, Record<string, string>]>((Range) => ['GET', { Range }]),
    ['GET', { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }],
    ['GET', { 'If-None-Match': '*' }],
    ['GET', { 'If-Match': '"tag"' }],
    ['GET', { 'If-Range': '"tag"', Range: 'bytes=0-9' }],
    ['GET', { 'If-Unmodified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }],
  ])('%s %j has the same answer as from Drydock alone', async (method, headers) => {
    const [throughNginx, alone] = await Promise.all([
      ask(url(nginx.url), { ...authorization(offloading), ...headers }, method),
      ask(url(direct.url), { ...authorization(direct), ...headers }, method),
    ]);
    expect(shown(throughNginx)).toEqual(shown(alone));
    expect(throughNginx.body.equals(alone.body)).toBe(true);
    expect(throughNginx.headers['x-request-id']).toMatch(/./);
    expect(throughNginx.headers['expires']).toMatch(/./);
  });

  it('answers a layer of no bytes, an unknown image and a hidden one like Drydock alone', async () => {
    const [nothing, secret] = [createImage({ layer: Buffer.alloc(0) }), createImage({ note: 'through nginx' })];
    for (const server of [offloading, direct]) {
      await pushImages(server, 'alice/nothing', [nothing]);
      await pushPrivate(server, 'alice/hidden', [secret]);
    }
    for (const { id } of [nothing, secret, createImage()]) {
      const [throughNginx, alone] = await Promise.all(
        [nginx.url, direct.url].map((base) => ask(`${base}/v1/images/${id}/layer`, { 'User-Agent': ENGINE })),
      );
      expect(shown(throughNginx!)).toEqual(shown(alone!));
      expect(throughNginx!.body).toEqual(alone!.body);
    }
  });

  it('gives nobody outside a file by its name', async () => {
    const file = await layerFile({ db: offloading.ctx.db, blobDir: offloading.blobDir }, image);
    const answer = await ask(`${nginx.url}${PREFIX}${path.relative(offloading.blobDir, file)}`, {});
    expect([answer.status, answer.body.includes(layer.subarray(0, 1000))]).toEqual([404, false]);
  });

  it('pushes and pulls whole images', async () => {
    const pushed = createImage({ layer: randomBytes(5_000_000) });
    await pushImages({ server: nginx.url }, 'alice/through', [pushed]);
    const Authorization = await startPull({ server: nginx.url }, 'alice/through');
    const answer = await ask(`${nginx.url}/v1/images/${pushed.id}/layer`, { Authorization, 'User-Agent': ENGINE });
    expect(answer.body.equals(pushed.layer)).toBe(true);
  });
}

// Outside of CI, a machine without nginx reports what it does not test.
if (isInstalled('nginx', '-v', 'nginx-light')) describe('through nginx with deploy/nginx.conf', describeThroughNginx);
