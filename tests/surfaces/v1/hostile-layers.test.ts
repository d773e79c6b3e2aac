import { mkdtemp, rm } from 'node:fs/promises';
import { get, type ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { packTar } from '../../features/images/tar/pack-tar';
import { longNames, manyFiles } from '../../helpers/hostile-layers';
import { createImage, pushImages, startPull, startPush, type TestImage } from '../../helpers/images';
import { errorText, registryClient, reply, type RegistryClient } from '../../helpers/registry-client';
import { StallingBlobs } from '../../helpers/stalling-blobs';
import { createTarLayer } from '../../helpers/tar-layer';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { waitUntil } from '../../helpers/wait-until';

/*
 * Layers that were designed to cost much, and clients that send more requests than there are places, or disconnect.
 */

let folder: string;
let blobs: StallingBlobs;
let server: TestServer;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-hostile-'));
  blobs = new StallingBlobs(folder);
  server = await startTestServer({ blobs });
  await addUser(server, 'alice');
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function pushed(...images: TestImage[]): Promise<RegistryClient> {
  await pushImages(server, 'alice/app', images);
  return registryClient(server, await startPull(server, 'alice/app'));
}

const plain = (name: string): TestImage => createImage({ layer: gzipSync(packTar({ name })) });

/** A request of a client that can disconnect. */
function begin(target: string): ClientRequest {
  return get(`${server.url}${target}`, { agent: false }).on('error', () => undefined);
}

describe('a layer that was designed to cost much', () => {
  it('is refused if a name is longer than a path of Linux, but still served (R70)', async () => {
    const base = createImage({ layer: longNames(3, 16_000) });
    const top = createImage({ parent: base.id, layer: gzipSync(packTar({ name: 'x' })) });
    const client = await pushed(base, top);
    for (const [id, part] of [
      [base.id, 'files'],
      [top.id, 'diff'],
    ] as const) {
      expect(await reply(client.get(id, part))).toEqual([400, errorText('Layer format not supported')]);
    }
    expect((await client.get(base.id, 'layer')).bytes.equals(base.layer)).toBe(true);
  });

  it('is compared with those below it if its names are as long as allowed (R70)', async () => {
    const base = createImage({ layer: longNames(50, 4000) });
    const top = createImage({ parent: base.id, layer: longNames(60, 4000) });
    const client = await pushed(base, top);
    const diff = JSON.parse((await client.get(top.id, 'diff')).text) as Record<string, object>;
    const counts = Object.entries(diff).map(([part, files]) => [part, Object.keys(files).length]);
    expect(Object.fromEntries(counts)).toEqual({ deleted: 0, changed: 50, created: 10 });
  });

  it('is refused if it deletes more than fits in memory, and that is remembered (R70)', async () => {
    const names = Array.from({ length: 550 }, (_, at) => `${at}/${'a/'.repeat(1990)}.wh.x`);
    const entries = names.flatMap((name) => [
      { name: '././@LongLink', typeflag: 'L', magic: 'ustar  \0', body: Buffer.from(`${name}\0`) },
      { name: 'x' },
    ]);
    const base = createImage({ layer: gzipSync(packTar(...entries)) });
    const top = createImage({ parent: base.id, layer: gzipSync(packTar({ name: 'x' })) });
    const client = await pushed(base, top);
    const refusal = [413, errorText('Layer has too many files to list')];
    expect(await reply(client.get(top.id, 'diff'))).toEqual(refusal);
    expect(await reply(client.get(top.id, 'diff'))).toEqual(refusal);
    expect(server.ctx.layerReaders.load).toEqual({ running: 0, waiting: 0, ended: 1 });
  });

  it('is listed whole if its list is long, and freed once the list is sent', async () => {
    const image = createImage({ layer: manyFiles(20_000) });
    const client = await pushed(image);
    const answer = await client.get(image.id, 'files');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-length']).toBe(String(answer.bytes.length));
    const rows = JSON.parse(answer.text) as unknown[][];
    expect([rows.length, rows.at(-1)?.[0]]).toEqual([20_000, '/dir/0019999']);
    await waitUntil('the end of all held answers', () => server.ctx.heldAnswers.bytes === 0);
  });
});

describe('the same bytes', () => {
  it('are read once for all clients, at the same time or later', async () => {
    const image = plain('motd');
    const client = await pushed(image);
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.get(image.id, 'files')));
    answers.push(await client.get(image.id, 'files'));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(server.ctx.layerReaders.load.ended).toBe(1);
    // Another image, in another repository, with the same layer.
    const twin = createImage({ layer: image.layer });
    await pushImages(server, 'alice/twin', [twin]);
    const other = registryClient(server, await startPull(server, 'alice/twin'));
    expect((await other.get(twin.id, 'files')).text).toBe(answers[0]?.text);
    expect(server.ctx.layerReaders.load.ended).toBe(1);
  });
});

describe('a client that disconnects', () => {
  it.each(['files', 'diff'])('ends the work for it: %s (R72)', async (part) => {
    const image = plain('motd');
    await pushed(image);
    blobs.isStalling = true;
    const client = begin(`/v1/images/${image.id}/${part}`);
    await waitUntil('the readers to open layers', () => blobs.opened.length === 1);
    expect(server.ctx.layerReaders.load).toMatchObject({ running: 1, ended: 0 });
    client.destroy();
    await waitUntil('the end of the reader', () => server.ctx.layerReaders.load.ended === 1);
    expect(server.ctx.layerReaders.load).toMatchObject({ running: 0, waiting: 0 });
    expect(blobs.opened[0]?.destroyed).toBe(true);
  });

  it.each([
    ['a page', (id: string) => `/r/alice/app/images/${id}/files/`],
    ['the API', (id: string) => `/api/v1.1/repositories/alice/app/images/${id}/files/`],
  ])('ends the work for it: %s (R72)', async (_what, pathOf) => {
    const image = plain('motd');
    await pushed(image);
    blobs.isStalling = true;
    const client = begin(pathOf(image.id));
    await waitUntil('the readers to open layers', () => blobs.opened.length === 1);
    client.destroy();
    await waitUntil('the end of the reader', () => server.ctx.layerReaders.load.ended === 1);
    expect(blobs.opened[0]?.destroyed).toBe(true);
  });

  it('does not end the work for others who wait for the same answer', async () => {
    const image = plain('motd');
    await pushed(image);
    blobs.isStalling = true;
    const [first, second] = [begin(`/v1/images/${image.id}/files`), begin(`/v1/images/${image.id}/files`)];
    await waitUntil('the readers to open layers', () => blobs.opened.length === 1);
    const isAnswered = new Promise((resolve) => second.once('response', (res) => resolve(res.statusCode)));
    first.destroy();
    blobs.opened[0]?.push(null);
    expect(await isAnswered).toBe(200);
    expect(server.ctx.layerReaders.load.ended).toBe(1);
  });

  it('also ends a checksum, and the upload stays', async () => {
    const tar = createTarLayer('Welcome.\n');
    const image = createImage({ layer: tar.gzipped });
    const token = await startPush(server, 'alice/app', [image]);
    const push = registryClient(server, token);
    await push.putJson(image.id, image.json);
    await push.putLayer(image.id, image.layer);
    blobs.isStalling = true;
    const headers = { Authorization: token, 'X-Docker-Checksum': tar.tarsum(image.json) };
    const target = `${server.url}/v1/images/${image.id}/checksum`;
    const client = get(target, { method: 'PUT', headers, agent: false }).on('error', () => undefined);
    await waitUntil('the readers to open layers', () => blobs.opened.length === 1);
    client.destroy();
    await waitUntil('the end of the check', () => server.ctx.layerChecks.quick.load.ended === 1);
    expect(blobs.opened[0]?.destroyed).toBe(true);
    blobs.isStalling = false;
    expect(await reply(push.putChecksum(image.id, { 'X-Docker-Checksum': tar.tarsum(image.json) }))).toEqual([
      200,
      'true',
    ]);
  });
});

describe('a request beyond the number of places', () => {
  const EACH = 8;
  let clients: ClientRequest[];

  /** Sends as many requests as one address may have, each for its own layer, one after the other. */
  async function fill(): Promise<TestImage> {
    const images = Array.from({ length: EACH + 1 }, (_, at) => plain(`file-${at}`));
    await pushed(...images);
    blobs.isStalling = true;
    clients = [];
    for (const { id } of images.slice(0, EACH)) {
      clients.push(begin(`/v1/images/${id}/files`));
      await waitUntil('the reader to begin or to wait', () => {
        const { running, waiting } = server.ctx.layerReaders.load;
        return running + waiting === clients.length;
      });
    }
    return images.at(-1)!;
  }
  afterEach(() => {
    for (const client of clients) client.destroy();
  });

  it('is refused with 429, in the words of each surface (R71)', async () => {
    const { id } = await fill();
    const detail = 'Too many layers are being looked through at once';
    const v1 = await request(server.server).get(`/v1/images/${id}/files`);
    expect([v1.status, v1.headers['retry-after'], v1.body]).toEqual([
      429,
      '5',
      { error: `${detail}, try again later` },
    ]);
    const api = await request(server.server).get(`/api/v1.1/repositories/alice/app/images/${id}/files/`);
    expect([api.status, api.headers['retry-after'], api.body]).toEqual([
      429,
      '5',
      expect.objectContaining({ code: 'busy', detail }),
    ]);
    const page = await request(server.server).get(`/r/alice/app/images/${id}/files/`).set('Accept', 'text/html');
    expect([page.status, page.headers['retry-after'], page.type]).toEqual([429, '5', 'text/html']);
  });

  it('opens no more layers at the same time than there are threads', async () => {
    await fill();
    const { running } = server.ctx.layerReaders.load;
    await waitUntil('the readers to open layers', () => blobs.opened.length === running);
    expect(blobs.opened.length).toBeLessThan(EACH);
    clients[0]?.destroy();
    await waitUntil('the readers to open layers', () => blobs.opened.length === running + 1);
    expect(server.ctx.layerReaders.load).toMatchObject({ running, waiting: EACH - 1 - running });
  });

  it('does not obstruct pushes and pulls (R71)', async () => {
    await fill();
    await waitUntil('the readers to open layers', () => blobs.opened.length === server.ctx.layerReaders.load.running);
    blobs.isStalling = false; // for reads from here on; the earlier ones still take every place
    const tar = createTarLayer('Welcome.\n');
    const image = createImage({ layer: tar.gzipped });
    const push = registryClient(server, await startPush(server, 'alice/other', [image]));
    await push.putJson(image.id, image.json);
    await push.putLayer(image.id, image.layer);
    const checksum = push.putChecksum(image.id, { 'X-Docker-Checksum': tar.tarsum(image.json) });
    expect(await reply(checksum)).toEqual([200, 'true']);
    await request(server.server)
      .put('/v1/repositories/alice/other/tags/latest')
      .set('Authorization', basic('alice'))
      .type('application/json')
      .send(JSON.stringify(image.id))
      .expect(200);
    const pull = registryClient(server, await startPull(server, 'alice/other'));
    expect((await pull.get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
    expect(server.ctx.layerReaders.load.running).toBeGreaterThan(0);
  });
});
