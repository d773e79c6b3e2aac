import { randomBytes } from 'node:crypto';
import { expectBoth, pushBoth } from '../helpers/backups';
import { createImage, startPush } from '../helpers/images';
import { describeInstalled } from '../helpers/installed';
import { registryClient } from '../helpers/registry-client';
import { addUser } from '../helpers/test-server';
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
});
