import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { listEvents } from '../../src/features/audit/audit';
import { trustProxies } from '../../src/platform/http/client-address';
import { expectBoth, pushBoth } from '../helpers/backups';
import { startHaproxy, type Haproxy } from '../helpers/haproxy';
import { DAEMON_PATH, describeInstalled, isInstalled } from '../helpers/installed';
import { startNginx } from '../helpers/nginx';
import { sampleFor } from '../helpers/offloading';
import type { Proxy } from '../helpers/proxy-process';
import { startSibling } from '../helpers/sibling-server';
import { addUser, startTestServer, type TestServer } from '../helpers/test-server';

/* The sample configurations in `deploy/`, with the ports and folders of this test, in front of real servers. */

let server: TestServer;
let sibling: Awaited<ReturnType<typeof startSibling>>;
beforeAll(async () => {
  server = await startTestServer({ settings: { trustsProxy: trustProxies(['127.0.0.1']) } });
  await addUser(server, 'alice');
  sibling = await startSibling(server);
});
afterAll(async () => {
  await sibling.close().catch(() => undefined);
  await server.close();
});

const portOf = (listening: Server): number => (listening.address() as AddressInfo).port;

/** A proxy behaves as Drydock itself does, and tells it where a request comes from. */
async function expectWorks(proxy: Pick<Proxy, 'url'>, repository: string): Promise<void> {
  const served = { server: proxy.url, url: proxy.url };
  const names = { old: `alice/${repository}-old`, now: `alice/${repository}-new` };
  await expectBoth(served, await pushBoth(served, names), names);
  const wrong = Buffer.from(`alice:wrong ${repository}`).toString('base64');
  const headers = { Authorization: `Basic ${wrong}`, 'X-Forwarded-For': '192.0.2.66' };
  await request(proxy.url).get('/v1/users/').set(headers).expect(401);
  const [failed] = await listEvents(server.ctx, { action: 'login.failed', limit: 1 });
  expect(failed).toMatchObject({ subject: 'alice', address: '127.0.0.1' });
}

describeInstalled(isInstalled('nginx', '-v', 'nginx-light'), 'deploy/nginx.conf', () => {
  it('pushes and pulls over both protocols, with the address of the client', async () => {
    const nginx = await startNginx((port) => sampleFor(server, port));
    await expectWorks(nginx, 'nginx');
    await nginx.close();
  });
});

const HOSTS = readFileSync(path.join(__dirname, '../../deploy/nginx-hosts.conf'), 'utf8');

/** The sample with the port and the servers of this test, and without its certificate. */
function hostsFor(port: number, servers: readonly [string, string]): string {
  const changes: [string | RegExp, string][] = [
    ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
    [/ssl_certificate(_key)? .*;/g, ''],
    ['192.0.2.1:5000', new URL(servers[0]).host],
    ['192.0.2.2:5000', new URL(servers[1]).host],
  ];
  return changes.reduce((text, [from, to]) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`deploy/nginx-hosts.conf no longer has ${from}`);
    return changed;
  }, HOSTS);
}

describeInstalled(isInstalled('nginx', '-v', 'nginx-light'), 'deploy/nginx-hosts.conf', () => {
  it('pushes and pulls over both protocols, also when one of the servers is down', async () => {
    const other = await startSibling(server);
    const servers = [server.url, `http://127.0.0.1:${portOf(other.server)}`] as const;
    const nginx = await startNginx((port) => hostsFor(port, servers));
    await expectWorks(nginx, 'nginx-hosts');
    await request(nginx.url).get('/metrics').expect(404);
    await other.close();
    await expectWorks(nginx, 'nginx-host');
    await nginx.close();
  });
});

describeInstalled(isInstalled('haproxy', '-v'), 'deploy/haproxy.cfg', () => {
  let proxy: Haproxy;
  beforeAll(async () => {
    proxy = await startHaproxy([server.url, `http://127.0.0.1:${portOf(sibling.server)}`]);
  });
  afterAll(() => proxy.close());

  it('is read without a warning', () => {
    const file = path.join(proxy.dir, 'configuration');
    const said = execFileSync('haproxy', ['-c', '-V', '-f', file], { env: { PATH: DAEMON_PATH }, encoding: 'utf8' });
    expect(said).toBe('Configuration file is valid\n');
  });

  it('pushes and pulls over both protocols, with the address of the client', () => expectWorks(proxy, 'haproxy'));

  it('speaks https', async () => {
    const options = { socketPath: path.join(proxy.dir, 'tls'), path: '/v1/_ping', rejectUnauthorized: false };
    const status = await new Promise((resolve, reject) => {
      httpsRequest(options, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it.each(['/metrics', '/readyz', '/healthz'])('shows %s to nobody outside', async (page) => {
    await request(proxy.url).get(page).expect(404);
    await request(server.url).get(page).expect(200);
  });

  it('leaves out a server that is down, and pushes go on', async () => {
    await sibling.close();
    await sleep(500);
    for (let i = 0; i < 6; i++) await request(proxy.url).get('/v1/_ping').expect(200);
    await expectWorks(proxy, 'haproxy-one');
  });
});
