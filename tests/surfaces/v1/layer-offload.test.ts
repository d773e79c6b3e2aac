import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { DAMAGES, layerFile } from '../../helpers/damage';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { isInstalled } from '../../helpers/installed';
import { startNginx } from '../../helpers/nginx';
import type { Proxy } from '../../helpers/proxy-process';
import { pushPrivate } from '../../helpers/isolation';
import { ACCEL_PREFIX, ask, sampleFor, shown, type Answer } from '../../helpers/offloading';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const ENGINE = 'docker/1.5.0 go/go1.4 kernel/3.16.0 os/linux arch/amd64';
const VIA_PROXY = { 'X-Forwarded-For': '10.0.0.1' };

let offloading: TestServer;
let direct: TestServer;
beforeAll(async () => {
  offloading = await startTestServer({ settings: { accelPrefix: ACCEL_PREFIX } });
  direct = await startTestServer();
  for (const server of [offloading, direct]) await addUser(server, 'alice');
});
afterAll(() => Promise.all([offloading.close(), direct.close()]));

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

describe('with DRYDOCK_ACCEL_ACCEL_PREFIX, for nginx,', () => {
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
    const expected = `${ACCEL_PREFIX}${path.relative(offloading.blobDir, file)}`;
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

function describeThroughNginx(): void {
  let nginx: Proxy;
  beforeAll(async () => {
    nginx = await startNginx((port) => sampleFor(offloading, port));
  });
  afterAll(() => nginx.close());

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
    const answer = await ask(`${nginx.url}${ACCEL_PREFIX}${path.relative(offloading.blobDir, file)}`, {});
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
