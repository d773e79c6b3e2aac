import { randomBytes } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import request from 'supertest';
import { createClientPlace } from '../clients/client-process';
import { PLAIN, podmanInPlace, SKOPEO_COPY } from '../clients/in-place';
import { createImage, pushImages, startPull } from '../helpers/images';
import { describeInstalled, isGoProgramInstalled, isInstalled, isInstalledForRoot } from '../helpers/installed';
import { ask } from '../helpers/offloading';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createS3Store, type S3TestStore } from '../helpers/s3-store';
import { addUser, basic, passwordOf, startTestServer, type TestServer } from '../helpers/test-server';
import { digestOf, pushImage } from '../helpers/v2-client';

const ENGINE = 'docker/1.7.1 go/go1.4.2 git-commit/786b29d kernel/4.0 os/linux arch/amd64';
const CRANE = 'github.com/google/go-containerregistry/cmd/crane@v0.20.7';
const NO_REDIRECT = { status: 200, location: undefined };

describeInstalled(isS3Installed(), 'a server that hands out URLs of its bucket', () => {
  let s3: S3Server;
  let opened: S3TestStore;
  let hub: TestServer;
  let ofClients: string;
  const bytes = randomBytes(300_000);
  const image = createImage({ layer: bytes });
  const digest = digestOf(bytes);
  const blobPath = `/v2/alice/app/blobs/${digest}`;
  const layerPath = `/v1/images/${image.id}/layer`;
  let token: string;

  beforeAll(async () => {
    s3 = await startS3Server();
    // Clients find the hub under another name than the bucket.
    ofClients = s3.endpoint.replace('127.0.0.1', 'localhost');
    opened = await createS3Store(s3, { forClients: { endpoint: ofClients } });
    hub = await startTestServer({ blobs: opened.store, settings: { redirects: true } });
    for (const user of ['alice', 'bob']) await addUser(hub, user);
    await pushImages(hub, 'alice/app', [image]);
    await pushImage(hub, 'alice/app', '2', { layer: bytes });
    token = await startPull(hub, 'alice/app', 'alice');
  });
  afterAll(async () => {
    await hub.close();
    await opened.close();
    await s3.close();
  });

  const v2 = (headers: Record<string, string> = {}, method = 'GET', path = blobPath) =>
    ask(`${hub.url}${path}`, { Authorization: basic('alice'), ...headers }, method);
  const v1 = (headers: Record<string, string> = {}, method = 'GET', path = layerPath) =>
    ask(`${hub.url}${path}`, { Authorization: token, 'User-Agent': ENGINE, ...headers }, method);
  const gist = ({ status, headers }: Awaited<ReturnType<typeof ask>>) => ({ status, location: headers.location });

  describe.each([
    ['a blob of v2', v2, 307],
    ['a layer of v1 for an engine', v1, 302],
  ] as const)('%s', (_what, get, redirected) => {
    it('is at the URL to which the answer redirects, without credentials', async () => {
      const { status, headers, body } = await get();
      expect([status, body.length, headers['cache-control']]).toEqual([redirected, 0, 'private, no-store']);
      const url = headers.location ?? '';
      expect(url).toMatch(new RegExp(`^${ofClients}/${opened.name}/blobs/`));
      const there = await ask(url, {});
      expect([there.status, there.headers['content-type']]).toEqual([200, 'application/octet-stream']);
      expect(there.body.equals(bytes)).toBe(true);
      expect((await ask(url, {}, 'PUT')).status).toBe(403);
    });

    it.each(['bytes=100-199', 'bytes=299000-', 'bytes=100-300000'])('has its range %s there', async (Range) => {
      const { status, headers } = await get({ Range });
      expect(status).toBe(redirected);
      const there = await ask(headers.location ?? '', { Range });
      const [, first, last] = /(\d+)-(\d*)/.exec(Range) ?? [];
      const part = bytes.subarray(Number(first), last === '' ? undefined : Number(last) + 1);
      expect([there.status, there.body.equals(part), there.headers['accept-ranges']]).toEqual([206, true, 'bytes']);
    });

    it('is described here for a HEAD', async () => {
      const { status, headers } = await get({}, 'HEAD');
      const described = { status, length: headers['content-length'], ranges: headers['accept-ranges'] };
      expect(described).toEqual({ status: 200, length: '300000', ranges: 'bytes' });
    });

    it('is sent from here when the store would answer in another way', async () => {
      expect((await get({ Range: 'bytes=-7' })).body.equals(bytes.subarray(-7))).toBe(true);
      expect((await get({ Range: 'bytes=300000-' })).status).toBe(416);
      const odd = await get({ 'If-Match': '"other"' });
      expect([gist(odd), odd.body.length]).toEqual([NO_REDIRECT, bytes.length]);
    });

    it('is sent from here to a client that asked the host of the store', async () => {
      for (const Host of ['localhost:5000', 'LOCALHOST']) {
        const { status, body } = await get({ Host });
        expect([status, body.equals(bytes)]).toEqual([200, true]);
      }
    });

    it('has a URL that works although our clock is wrong', async () => {
      const real = Date.now;
      await opened.store.check();
      jest.spyOn(Date, 'now').mockImplementation(() => real() - 20 * 60_000);
      const url = (await get()).headers.location ?? '';
      jest.restoreAllMocks();
      await opened.store.size('nothing').catch(() => undefined); // refused once, as the clock has jumped
      expect((await ask(url, {})).status).toBe(200);
    });
  });

  it('sends a client of the domain above the store nowhere', async () => {
    const below = await createS3Store(s3, { forClients: { endpoint: 'http://s3.hub.test' } });
    const server = await startTestServer({ blobs: below.store, settings: { redirects: true } });
    await addUser(server, 'alice');
    await pushImage(server, 'alice/app', '1', { layer: bytes });
    const get = (Host: string) => ask(`${server.url}${blobPath}`, { Authorization: basic('alice'), Host });
    const statuses = [(await get('hub.test:5000')).status, (await get('hub.example:5000')).status];
    expect(statuses).toEqual([200, 307]);
    await server.close();
    await below.close();
  });

  it('sends a layer of v1 itself to what is not an engine', async () => {
    const { status, body } = await v1({ 'User-Agent': 'curl/7.88.1' });
    expect([status, body.equals(bytes)]).toEqual([200, true]);
  });

  it('tells an engine the size of a layer as well as the redirect', async () => {
    const { headers } = await v1({}, 'GET', `/v1/images/${image.id}/json`);
    expect(headers['x-docker-size']).toBe('300000');
  });

  it('signs URLs for one object and ten minutes (R294)', async () => {
    const url = (await v2()).headers.location ?? '';
    const [other] = await storedKeys();
    for (const tampered of [
      url.replace(/X-Amz-Expires=600/, 'X-Amz-Expires=6000'),
      url.replace(/blobs\/[0-9a-f/]+/, other ?? ''),
      url.replace('octet-stream', 'html'),
    ]) {
      expect(tampered).not.toBe(url);
      expect((await ask(tampered, {})).status).toBe(403);
    }
    const key = new URL(url).pathname.replace(`/${opened.name}/`, '');
    const old = await opened.bucket.urls?.of(key, new Date(opened.bucket.now().getTime() - 601_000));
    expect((await ask(old ?? '', {})).status).toBe(403);
  });

  async function storedKeys(): Promise<string[]> {
    const rows = await hub.ctx.db<{ storage_key: string; digest: string }>('blobs').where('digest', '<>', digest);
    return rows.map(({ storage_key: key }) => key);
  }

  it('hands nothing of a private repository to others (R294)', async () => {
    const layer = randomBytes(1000);
    const secret = createImage({ layer });
    await pushImages(hub, 'alice/secret', [secret]);
    await hub.ctx.db('repositories').where({ name: 'secret' }).update({ visibility: 'private' });
    const path = `/v2/alice/secret/blobs/${digestOf(layer)}`;
    const asked = [
      v2({ Authorization: basic('bob') }, 'GET', path),
      ask(`${hub.url}${path}`, {}),
      v1({}, 'GET', `/v1/images/${secret.id}/layer`),
      ask(`${hub.url}/v1/images/${secret.id}/layer`, { 'User-Agent': ENGINE }),
    ];
    for (const { status, headers } of await Promise.all(asked)) {
      expect([Number(status) >= 400, headers.location]).toEqual([true, undefined]);
    }
    const own = await startPull(hub, 'alice/secret', 'alice');
    expect((await v1({ Authorization: own }, 'GET', `/v1/images/${secret.id}/layer`)).status).toBe(302);
  });

  it.each(['missing', 'wrong size'])('hands out no layer that is damaged: %s', async (damage) => {
    const layer = randomBytes(1000);
    const broken = createImage({ layer });
    const repository = `alice/${damage.replace(' ', '-')}`;
    await pushImages(hub, repository, [broken]);
    const [row] = await hub.ctx.db<{ storage_key: string; digest: string }>('blobs').where({ digest: digestOf(layer) });
    const object = { Bucket: opened.name, Key: row?.storage_key ?? '' };
    if (damage === 'missing') await opened.client.send(new DeleteObjectCommand(object));
    else await opened.client.send(new PutObjectCommand({ ...object, Body: layer.subarray(1) }));
    const Authorization = await startPull(hub, repository, 'alice');
    const ofEngine = await v1({ Authorization }, 'GET', `/v1/images/${broken.id}/layer`);
    const ofClient = await v2({}, 'GET', `/v2/${repository}/blobs/${digestOf(layer)}`);
    expect([gist(ofEngine), gist(ofClient)]).toEqual([
      { status: 503, location: undefined },
      { status: 404, location: undefined },
    ]);
  });

  it('counts redirects by their status', async () => {
    const { text } = await request(hub.server).get('/metrics');
    expect(text).toMatch(/route="\/v2\/:namespace\/:repository\/blobs\/:digest",status="307"\} [1-9]/);
    expect(text).toMatch(/route="\/v1\/images\/:imageId\/layer",status="302"\} [1-9]/);
  });

  const PULLS = [
    ['skopeo', isInstalled('skopeo', '--version')],
    ['crane', isGoProgramInstalled('crane', CRANE)],
    ['podman', isInstalledForRoot('podman')],
  ] as const;
  describe.each(PULLS.filter(([, isThere]) => isThere))('%s', (client) => {
    it.each(['127.0.0.1', 'localhost'])('pulls from %s, the bucket being at localhost', async (name) => {
      const repository = `alice/for-${client}-${name === 'localhost' ? 'same' : 'other'}`;
      await pushImage(hub, repository, '1');
      await hub.ctx
        .db('repositories')
        .where({ name: repository.slice(6) })
        .update({ visibility: 'private' });
      const reference = `${name}:${hub.port}/${repository}:1`;
      const place = await createClientPlace();
      const before = await redirects();
      const login = ['-u', 'alice', '--password-stdin', `${name}:${hub.port}`];
      if (client === 'crane') {
        await place.run('crane', ['auth', 'login', ...login], passwordOf('alice'));
        await place.run('crane', ['pull', '--format=oci', reference, 'there']);
      } else if (client === 'skopeo') {
        await place.run('skopeo', ['login', PLAIN, ...login], passwordOf('alice'));
        await place.run('skopeo', [...SKOPEO_COPY, `docker://${reference}`, 'oci:there:1']);
      } else {
        const global = podmanInPlace(place);
        await place.run('podman', [...global, 'login', PLAIN, ...login], passwordOf('alice'));
        // The layer is random bytes, which podman finds out when it has them.
        const { output } = await place.attempt('podman', [...global, 'pull', PLAIN, reference]);
        expect(output).toMatch(/invalid tar header|archive\/tar|unexpected EOF/);
      }
      expect((await redirects()) - before).toBe(name === 'localhost' ? 0 : 2);
      await place.close();
    });
  });

  async function redirects(): Promise<number> {
    const { text } = await request(hub.server).get('/metrics');
    return Number(/duration_seconds_count\{method="GET",route="[^"]*",status="307"\} (\d+)/.exec(text)?.[1] ?? 0);
  }
});
