import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import request from 'supertest';
import { createChain, pushImages, startPull, type TestImage } from './images';
import { createTestDatabase, type TestDatabase } from './test-database';
import { asText, asUser, digestOf, pushImage, type Described } from './v2-client';

/** A folder for backups. */
export async function createBackupFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'drydock-backups-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A database without tables, and an empty data directory. */
export interface EmptyPlace {
  readonly database: TestDatabase;
  readonly dataDir: string;
  readonly environment: Record<string, string>;
  remove(): Promise<void>;
}

/** What a restore needs. */
export async function createEmptyPlace(): Promise<EmptyPlace> {
  const database = await createTestDatabase('template0');
  const dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-restored-'));
  return {
    database,
    dataDir,
    environment: { DATABASE_URL: database.url, DRYDOCK_DATA_DIR: dataDir },
    remove: async () => {
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The server in a test, or a process of its own. */
interface Served {
  readonly server: string;
  readonly url: string;
}

/** What was pushed to `alice/old` over v1, and to `alice/new` over v2. */
export interface Pushed {
  readonly chain: readonly TestImage[];
  readonly image: { readonly manifest: Described; readonly layer: Described };
}

/** Pushes over both protocols as alice. */
export async function pushBoth(server: Served, { old = 'alice/old', now = 'alice/new' } = {}): Promise<Pushed> {
  const chain = createChain(3);
  await pushImages(server, old, chain);
  return { chain, image: await pushImage(server, now, 'latest') };
}

/** Pulls a tag over v1, and compares it with what was pushed. */
export async function expectChain(server: Served, repository: string, chain: readonly TestImage[]): Promise<void> {
  const authorization = await startPull(server, repository, 'alice');
  const get = (url: string) => request(server.url).get(url).set('Authorization', authorization).buffer();
  expect((await get(`/v1/repositories/${repository}/tags`).expect(200)).body).toEqual({ latest: chain.at(-1)?.id });
  for (const image of chain) {
    expect((await get(`/v1/images/${image.id}/json`).expect(200)).text).toBe(image.json.toString());
    const { body } = await get(`/v1/images/${image.id}/layer`).expect(200);
    expect((body as Buffer).equals(image.layer)).toBe(true);
  }
}

/** Pulls a tag over v2, and compares it with what was pushed. */
export async function expectImage(
  server: Served,
  repository: string,
  { manifest, layer }: Pushed['image'],
): Promise<void> {
  const get = (what: string) => asUser(server, 'get', `/v2/${repository}/${what}`).set('Accept', manifest.mediaType);
  const found = await get('manifests/latest').parse(asText).buffer().expect(200);
  expect(digestOf(found.body as string)).toBe(manifest.digest);
  const { body } = await get(`blobs/${layer.digest}`).buffer().expect(200);
  expect(digestOf(body as Buffer)).toBe(layer.digest);
}

/** Pulls what `pushBoth` has pushed. */
export async function expectBoth(
  server: Served,
  { chain, image }: Pushed,
  { old = 'alice/old', now = 'alice/new' } = {},
): Promise<void> {
  await expectChain(server, old, chain);
  await expectImage(server, now, image);
}
