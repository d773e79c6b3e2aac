import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { DAMAGES, filesBelow, layerDigest, type LayerPlace } from '../helpers/damage';
import { createImage, pushImages, startPull, startPush, type TestImage } from '../helpers/images';
import { registryClient } from '../helpers/registry-client';
import { createCommandPlace, type CommandPlace } from '../helpers/command-place';

/*
 * Bytes that a disk lost under a running server: `drydock scrub` finds exactly those, a pull gets a clean error for
 * them and everything else whole, and a push repairs them as an engine sends it.
 */

const LENGTH = 12;
const DAMAGED = { 2: 'wrong size', 5: 'wrong bytes', 9: 'missing' } as const;
const ERROR = '{"error":"The layer is damaged on the server: push the image again to repair it"}';

let place: CommandPlace;
let layers: LayerPlace;
let server: ChildServer;
let chain: TestImage[];

beforeAll(async () => {
  place = await createCommandPlace();
  layers = { db: place.database.db, blobDir: path.join(place.dataDir, 'blobs') };
  await place.run('user', 'add', 'alice', '--password', 'alicepw');
  server = await startChildServer({ ...place.environment, LOG_LEVEL: 'silent', DRYDOCK_WORKERS: '2' });
  chain = [];
  for (let index = 0; index < LENGTH; index += 1) {
    const parent = chain.at(-1)?.id;
    const layer = randomBytes(400_000 + index);
    chain.push(createImage(parent === undefined ? { layer } : { layer, parent }));
  }
  await pushImages(server, 'alice/app', chain);
  await pushImages(server, 'alice/base', chain.slice(0, 4));
});
afterAll(async () => {
  await server.end('SIGTERM');
  await place.close();
});

interface Report {
  readonly layerCount: number;
  readonly damaged: readonly { digest: string; damage: string; repositories: unknown }[];
}

async function scrub(): Promise<{ code: number | null; report: Report }> {
  const { code, stdout } = await place.run('scrub', '--rate', '0', '--json');
  return { code, report: JSON.parse(stdout) as Report };
}

/** The result of a pull for each layer: its status, and whether the bytes are right; or the body of an error. */
async function pullAll(repository: string, images: readonly TestImage[]): Promise<(true | string)[]> {
  const pull = registryClient(server, await startPull(server, repository));
  const got: (true | string)[] = [];
  for (const image of images) {
    const { status, bytes, text } = await pull.get(image.id, 'layer');
    got.push(status === 200 && bytes.equals(image.layer) ? true : `${status} ${text.slice(0, 200)}`);
  }
  return got;
}

const isDamaged = (index: number): index is keyof typeof DAMAGED => index in DAMAGED;

it('a scrub finds truncated, altered and deleted layers, which are never served, and a push repairs them (R49)', async () => {
  await expect(scrub()).resolves.toMatchObject({ code: 0, report: { layerCount: LENGTH, damaged: [] } });
  for (const [index, damage] of Object.entries(DAMAGED)) await DAMAGES[damage](layers, chain[Number(index)]!);

  const { code, report } = await scrub();
  expect([code, report.layerCount]).toEqual([1, LENGTH]);
  const hit = (image: TestImage, name: string) => ({
    namespace: 'alice',
    name,
    imageIds: [image.id],
    tags: ['latest'],
  });
  const expected = Object.entries(DAMAGED).map(([at, damage]) => {
    const image = chain[Number(at)]!;
    const inBase = Number(at) < 4 ? [hit(image, 'base')] : [];
    return { digest: layerDigest(image), damage, repositories: [hit(image, 'app'), ...inBase] };
  });
  expect([...report.damaged].sort((a, b) => a.damage.localeCompare(b.damage))).toEqual(
    expected.sort((a, b) => a.damage.localeCompare(b.damage)),
  );
  expect(await filesBelow(layers.blobDir, 'quarantine')).toHaveLength(2);
  expect(await pullAll('alice/app', chain)).toEqual(
    chain.map((_image, index) => (isDamaged(index) ? `503 ${ERROR}` : true)),
  );

  // An engine asks for each image first, and uploads the missing ones.
  const probe = registryClient(server, await startPush(server, 'alice/app', chain));
  const asked = [];
  for (const image of chain) asked.push((await probe.get(image.id, 'json')).status);
  expect(asked).toEqual(chain.map((_image, index) => (isDamaged(index) ? 404 : 200)));
  await pushImages(server, 'alice/app', chain);

  expect(await pullAll('alice/app', chain)).toEqual(chain.map(() => true));
  expect(await pullAll('alice/base', chain.slice(0, 4))).toEqual([true, true, true, true]);
  await expect(scrub()).resolves.toMatchObject({ code: 0, report: { layerCount: LENGTH, damaged: [] } });
});

it('a pull notices a truncated or deleted layer that no scrub has seen yet (R50)', async () => {
  const [truncated, deleted] = [chain[3]!, chain[7]!];
  await DAMAGES['wrong size'](layers, truncated);
  await DAMAGES.missing(layers, deleted);
  const expected = chain.map((image) => (image === truncated || image === deleted ? `503 ${ERROR}` : true));
  expect(await pullAll('alice/app', chain)).toEqual(expected);
  expect(await pullAll('alice/app', chain)).toEqual(expected);
  await pushImages(server, 'alice/app', chain);
  expect(await pullAll('alice/app', chain)).toEqual(chain.map(() => true));
});
