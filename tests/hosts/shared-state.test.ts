import { randomBytes } from 'node:crypto';
import request from 'supertest';
import { identityOf } from '../../src/features/access/actor';
import { beginSecondFactor, confirmSecondFactor } from '../../src/features/accounts/second-factor';
import { issueBearerToken } from '../../src/features/tokens/bearer-token';
import { actorOf } from '../helpers/actors';
import { expectBoth, pushBoth } from '../helpers/backups';
import { Browsing } from '../helpers/browse';
import { createImage, startPush } from '../helpers/images';
import { describeInstalled } from '../helpers/installed';
import { registryClient } from '../helpers/registry-client';
import { startCommand } from '../helpers/run-command';
import { codeOf } from '../helpers/second-factor';
import { addUser, basic } from '../helpers/test-server';
import { asUser, digestOf, startUpload } from '../helpers/v2-client';
import { areHostsInstalled, startHosts, type Host, type Hosts } from './hosts';

/* What one host has begun goes on at another, whatever the clocks of the two say. */

/** How many requests of a protocol a host has answered. */
async function answered({ url }: Host, protocol: 'v1' | 'v2'): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('drydock_http_request_duration_seconds_count{'));
  return lines
    .filter((line) => line.includes(`route="/${protocol}/`))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describeInstalled(areHostsInstalled(), 'three hosts with one database and one bucket', () => {
  let hub: Hosts;
  beforeAll(async () => {
    hub = await startHosts();
    await addUser(hub, 'alice');
  });
  afterAll(() => hub.close());

  it('push and pull over both protocols through the proxy, and each of them answers', async () => {
    await expectBoth(hub, await pushBoth(hub));
    for (const host of hub.hosts) {
      expect(await answered(host, 'v1')).toBeGreaterThan(0);
      expect(await answered(host, 'v2')).toBeGreaterThan(0);
    }
  });

  it('take json, layer and checksum of an image from one another', async () => {
    const [one, two, three] = hub.hosts;
    const image = createImage();
    const token = await startPush(one, 'alice/parts', [image]);
    expect(await registryClient(two, token).putJson(image.id, image.json)).toMatchObject({ status: 200 });
    expect(await registryClient(three, token).putLayer(image.id, image.layer)).toMatchObject({ status: 200 });
    expect(await registryClient(one, token).putPayload(image.id, image.payload)).toMatchObject({ status: 200 });
    expect((await registryClient(two, token).get(image.id, 'layer')).bytes).toEqual(image.layer);
  });

  it('continue an upload over v2 of one another', async () => {
    const [one, two, three] = hub.hosts;
    const bytes = randomBytes(13_000_000);
    const location = new URL(await startUpload(one, 'alice/pieces'), one.url);
    const path = location.pathname + location.search;
    const patch = (on: Host, from: number, to: number) =>
      asUser(on, 'patch', path)
        .set('Content-Range', `${from}-${to - 1}`)
        .send(bytes.subarray(from, to))
        .expect(202);
    await patch(two, 0, 6_000_000);
    await patch(three, 6_000_000, 6_000_100);
    await patch(one, 6_000_100, bytes.length);
    await asUser(two, 'put', `${path}?digest=${digestOf(bytes)}`).expect(201);
    const { body } = await asUser(three, 'get', `/v2/alice/pieces/blobs/${digestOf(bytes)}`).expect(200);
    expect(digestOf(body as Buffer)).toBe(digestOf(bytes));
  });

  it('finish the login with a second factor that another one began, whatever their clocks say (R222)', async () => {
    await addUser(hub, 'carol');
    const carol = await actorOf(hub, 'carol');
    const { secret } = await beginSecondFactor(hub.ctx, carol);
    await confirmSecondFactor(hub.ctx, carol, codeOf(secret, -1));
    const [slow, , fast] = hub.hosts;
    for (const [from, to, step] of [
      [slow, fast, 0],
      [fast, slow, 1],
    ] as const) {
      const browser = new Browsing(from.url);
      const { html } = await browser.send('/account/login/', { username: 'carol', password: 'carolpw' });
      const valueOf = (name: string): string => new RegExp(`name="${name}" value="([^"]+)"`).exec(html)?.[1] ?? '';
      const form = { csrf_token: valueOf('csrf_token'), ticket: valueOf('ticket') };
      const other = new Browsing(to.url);
      other.setCookie('drydock_visit', browser.cookie('drydock_visit') ?? '');
      const finished = await other.post('/account/login/code/', { ...form, code: codeOf(secret, step) });
      expect([finished.status, finished.location]).toEqual([303, '/dashboard/']);
      const session = new Browsing(from.url);
      session.setCookie('drydock_session', other.cookie('drydock_session') ?? '');
      expect((await session.get('/account/settings/')).status).toBe(200);
    }
  });

  it('accept a Bearer token for as long as the client expects, although the clock of another one is ahead (R222)', async () => {
    const identity = identityOf(await actorOf(hub, 'alice'));
    const grants = [{ repository: { namespace: 'alice', name: 'new' }, actions: ['pull'] as const }];
    const issuedAt = Date.now() - 5 * 60_000 - 3_590_000; // by the slow host, an hour ago
    const token = issueBearerToken(hub.ctx.tokenKey, { identity, grants, hasCatalog: false }, issuedAt);
    for (const { url } of hub.hosts) {
      await request(url).get('/v2/alice/new/tags/list').set('Authorization', `Bearer ${token}`).expect(200);
    }
  });

  it('count wrong passwords together, and a changed password ends at all of them at once', async () => {
    await addUser(hub, 'dora');
    const [one, two, three] = hub.hosts;
    const login = (on: Host, password: string) =>
      request(on.url).get('/v1/users/').set('Authorization', basic('dora', password));
    for (const host of hub.hosts) await login(host, 'dorapw').expect(200); // each remembers it from here on
    const headers = { 'Content-Type': 'application/json', Authorization: basic('dora', 'dorapw') };
    const body = JSON.stringify({ password: 'other-pw' });
    expect((await fetch(`${one.url}/v1/users/dora/`, { method: 'PUT', headers, body })).status).toBe(204);
    for (const host of [two, three, one]) await login(host, 'dorapw').expect(401);
    await login(two, 'other-pw').expect(200);
    for (let tries = 0; tries < 10; tries += 1) await login(hub.hosts[tries % 3] ?? one, `wrong${tries}`).expect(401);
    for (const host of hub.hosts) await login(host, 'one-more').expect(429);
  });

  it('are maintained by a command on a machine that has no data directory', async () => {
    const { code, stdout, stderr } = await startCommand(['user', 'list'], {
      ...hub.environment,
      DRYDOCK_DATA_DIR: '/nonexistent/drydock',
    }).ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('alice');
  });
});
