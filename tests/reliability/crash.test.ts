import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { makeImage, pushImages, startPull, type TestImage } from '../helpers/images';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import { expectBytesForEveryRow } from './stored-bytes';

/** How often the server is killed in the middle of a push. */
const ROUNDS = 50;
const LAYER_BYTES = 3 * 1024 * 1024;

let database: TestDatabase;
let dataDir: string;
let server: ChildServer;

async function startServer(): Promise<ChildServer> {
  return startChildServer({
    DATABASE_URL: database.url,
    DRYDOCK_DATA_DIR: dataDir,
    DRYDOCK_ADMIN_USERNAME: 'alice',
    DRYDOCK_ADMIN_PASSWORD: 'alicepw',
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-crash-'));
  server = await startServer();
});

afterAll(async () => {
  await server.end('SIGKILL');
  await database.drop();
  await rm(dataDir, { recursive: true });
});

function makeBigChain(): TestImage[] {
  const base = makeImage({ layer: randomBytes(LAYER_BYTES) });
  const middle = makeImage({ parent: base.id, layer: randomBytes(LAYER_BYTES) });
  return [base, middle, makeImage({ parent: middle.id, layer: randomBytes(LAYER_BYTES) })];
}

async function expectPullsWhole(repository: string, chain: readonly TestImage[]): Promise<void> {
  const authorization = await startPull(server, repository, 'alice');
  const get = (url: string) => request(server.url).get(url).set('Authorization', authorization).buffer();
  const tags = await get(`/v1/repositories/${repository}/tags`).expect(200);
  expect(tags.body).toEqual({ latest: chain.at(-1)?.id });
  for (const image of chain) {
    expect((await get(`/v1/images/${image.id}/json`).expect(200)).text).toBe(image.json.toString());
    const layer = (await get(`/v1/images/${image.id}/layer`).expect(200)).body as Buffer;
    expect(layer.equals(image.layer)).toBe(true);
  }
}

it(`survives ${ROUNDS} kills in the middle of a push: nothing complete is lost, nothing broken blocks`, async () => {
  const first = makeBigChain();
  const before = Date.now();
  await pushImages(server, 'alice/first', first);
  const pushMs = Date.now() - before;
  let cutOff = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const repository = `alice/round${round}`;
    const chain = makeBigChain();
    const push = pushImages(server, repository, chain).then(
      () => 'finished',
      () => 'cut off',
    );
    await sleep(Math.random() * pushMs);
    await server.end('SIGKILL');
    if ((await push) === 'cut off') cutOff += 1;
    server = await startServer();
    await pushImages(server, repository, chain);
    await expectPullsWhole(repository, chain);
  }
  await expectPullsWhole('alice/first', first);
  expect(cutOff).toBeGreaterThan(ROUNDS / 2);
  expect(await expectBytesForEveryRow(database.db, path.join(dataDir, 'blobs'))).toBeGreaterThanOrEqual(
    3 * (ROUNDS + 1),
  );
}, 300_000);
