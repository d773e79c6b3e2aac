import { readdir } from 'node:fs/promises';
import path from 'node:path';
import request from 'supertest';
import { startChildServer, type ChildServer } from '../../helpers/child-server';
import { createChain, createImage, pushImages, startPull, startPush, uploadImage } from '../../helpers/images';
import { runInProcess } from '../../helpers/command-in-process';
import { createCommandPlace, success, type CommandPlace } from '../../helpers/command-place';

let place: CommandPlace;
let server: ChildServer;
beforeEach(async () => {
  place = await createCommandPlace();
  await place.run('user', 'add', 'alice', '--password', 'alicepw');
  server = await startChildServer(place.environment);
});
afterEach(async () => {
  await server.end('SIGTERM');
  await place.close();
});

const gc = (...args: string[]) => place.run('gc', ...args);

async function countLayerFiles(): Promise<number> {
  const entries = await readdir(path.join(place.dataDir, 'blobs'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

/**
 * Pushes twice to one tag: the second push keeps the base of the first, and drops its other two images of 2000 bytes
 * each.
 */
async function pushTwice() {
  const [base, ...dropped] = createChain(3);
  const kept = createImage({ parent: base!.id });
  await pushImages(server, 'alice/app', [base!, ...dropped]);
  const token = await startPush(server, 'alice/app', [base!, kept]);
  await uploadImage(server, token, kept);
  await request(server.url)
    .put('/v1/repositories/alice/app/tags/latest')
    .set('Authorization', token)
    .type('application/json')
    .send(JSON.stringify(kept.id))
    .expect(200);
  return { base: base!, dropped, kept };
}

it('frees images that no tag reaches, after a dry run that says the same', async () => {
  const { base, dropped, kept } = await pushTwice();
  const files = await countLayerFiles();
  const would = [{ namespace: 'alice', name: 'app', imageCount: 2, manifestCount: 0, layerCount: 2, sizeBytes: 4000 }];

  const dry = await gc('--dry-run', '--older-than', '0', '--json');
  expect([dry.code, dry.stderr, JSON.parse(dry.stdout)]).toEqual([0, '', would]);
  await expect(gc('--dry-run', '--older-than', '0')).resolves.toEqual(
    success(
      'REPOSITORY  IMAGES  MANIFESTS  LAYERS  SIZE\n' +
        'alice/app        2          0       2  4.0 kB\n' +
        '2 images, 0 manifests, 4.0 kB would be freed.\n',
    ),
  );
  await expect(countLayerFiles()).resolves.toBe(files);

  const done = await gc('--older-than', '0', '--json');
  expect([done.code, done.stderr, JSON.parse(done.stdout)]).toEqual([0, '', would]);
  await expect(countLayerFiles()).resolves.toBe(files - 2);
  await expect(gc('--older-than', '0')).resolves.toEqual(success('Nothing to free.\n'));
  await expect(gc('--older-than', '0', '--json')).resolves.toEqual(success('[]\n'));

  const token = await startPull(server, 'alice/app');
  const layerOf = (id: string) =>
    request(server.url).get(`/v1/images/${id}/layer`).set('Authorization', token).buffer();
  for (const image of [base, kept]) expect((await layerOf(image.id).expect(200)).body).toEqual(image.layer);
  for (const image of dropped) await layerOf(image.id).expect(404);
});

it('reports what it freed', async () => {
  await pushTwice();
  await expect(gc('--older-than', '0')).resolves.toEqual(
    success(
      'REPOSITORY  IMAGES  MANIFESTS  LAYERS  SIZE\n' +
        'alice/app        2          0       2  4.0 kB\n' +
        '2 images, 0 manifests, 4.0 kB freed.\n',
    ),
  );
});

it('keeps announced images for a day', async () => {
  await pushTwice();
  const files = await countLayerFiles();
  await expect(gc()).resolves.toEqual(success('Nothing to free.\n'));
  const { db } = place.database;
  const age = (hours: number) => {
    const at = new Date(Date.now() - hours * 3_600_000);
    return Promise.all([
      db('repository_images').update({ announced_at: at }),
      db('blobs').update({ referenced_at: at }),
    ]);
  };
  await age(23);
  await expect(gc()).resolves.toEqual(success('Nothing to free.\n'));
  await expect(countLayerFiles()).resolves.toBe(files);
  await age(25);
  await expect(gc('--older-than', '25.5')).resolves.toEqual(success('Nothing to free.\n'));
  const { stdout } = await gc();
  expect(stdout).toContain('2 images, 0 manifests, 4.0 kB freed.');
  await expect(countLayerFiles()).resolves.toBe(files - 2);
});

it('shows its progress on a terminal', async () => {
  await pushTwice();
  const { stderr } = await runInProcess(['gc', '--older-than', '0'], place.environment, true);
  const state = 'Searched 1 of 1 repositories (100 %); garbage: 2 images, 0 manifests, 4.0 kB';
  expect(stderr).toBe(`\r\u001b[K${state}\r\r\u001b[K`);
});
