import { randomBytes } from 'node:crypto';
import { isInstalled } from '../../helpers/installed';
import { startNginx } from '../../helpers/nginx';
import type { Proxy } from '../../helpers/proxy-process';
import { ACCEL_PREFIX, ask, sampleFor, shown, type Answer } from '../../helpers/offloading';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { digestOf, pushBlob } from '../../helpers/v2-client';

const bytes = randomBytes(300_000);
const path = `/v2/alice/app/blobs/${digestOf(bytes)}`;

let offloading: TestServer;
let direct: TestServer;
beforeAll(async () => {
  offloading = await startTestServer({ settings: { accelPrefix: ACCEL_PREFIX } });
  direct = await startTestServer();
  for (const server of [offloading, direct]) {
    await addUser(server, 'alice');
    await pushBlob(server, 'alice/app', bytes);
  }
});
afterAll(() => Promise.all([offloading.close(), direct.close()]));

const get = (base: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  ask(`${base}${path}`, { Authorization: basic('alice'), ...headers }, method);

describe('a blob for nginx', () => {
  it('is named to a proxy, and sent to a client that came without one', async () => {
    const proxied = await get(offloading.url, { 'X-Forwarded-For': '10.0.0.1' });
    expect([proxied.headers['x-accel-redirect'], proxied.body.length]).toEqual([
      expect.stringContaining(ACCEL_PREFIX),
      0,
    ]);
    const alone = await get(offloading.url, { 'User-Agent': 'skopeo/1.9.3' });
    expect([alone.headers['x-accel-redirect'], alone.body.equals(bytes)]).toEqual([undefined, true]);
  });
});

function describeThroughNginx(): void {
  let nginx: Proxy;
  beforeAll(async () => {
    nginx = await startNginx((port) => sampleFor(offloading, port));
  });
  afterAll(() => nginx.close());

  it.each<[string, Record<string, string>]>([
    ['GET', {}],
    ['HEAD', {}],
    ['GET', { Range: 'bytes=10-19' }],
    ['GET', { Range: 'bytes=1000-' }],
    ['GET', { Range: 'bytes=-7' }],
    ['GET', { Range: 'bytes=9-3' }],
    ['GET', { Range: `bytes=${bytes.length}-` }],
    ['GET', { 'If-None-Match': '*' }],
  ])('%s %j has the same answer as from Drydock alone', async (method, headers) => {
    const [throughNginx, alone] = await Promise.all([
      get(nginx.url, headers, method),
      get(direct.url, headers, method),
    ]);
    expect(shown(throughNginx)).toEqual(shown(alone));
    expect(throughNginx.body.equals(alone.body)).toBe(true);
  });
}

// Outside of CI, a machine without nginx reports what it does not test.
if (isInstalled('nginx', '-v', 'nginx-light')) describe('a blob through nginx', describeThroughNginx);
