import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { createImage, pushImages, startPull, type TestImage } from '../helpers/images';
import { startKillableServer, type KillableServer } from '../helpers/killable-server';
import { crashRounds } from './crash-rounds';
import { expectBytesForEveryRow } from './stored-bytes';

/** How often the server is killed in the middle of a push. */
const ROUNDS = crashRounds(25);
const LAYER_BYTES = 3 * 1024 * 1024;

let place: KillableServer;
beforeAll(async () => {
  place = await startKillableServer();
});
afterAll(() => place.close());

function createBigChain(): TestImage[] {
  const base = createImage({ layer: randomBytes(LAYER_BYTES) });
  const middle = createImage({ parent: base.id, layer: randomBytes(LAYER_BYTES) });
  return [base, middle, createImage({ parent: middle.id, layer: randomBytes(LAYER_BYTES) })];
}

async function expectPullsWhole(repository: string, chain: readonly TestImage[]): Promise<void> {
  const authorization = await startPull(place.server, repository, 'alice');
  const get = (url: string) => request(place.server.url).get(url).set('Authorization', authorization).buffer();
  const tags = await get(`/v1/repositories/${repository}/tags`).expect(200);
  expect(tags.body).toEqual({ latest: chain.at(-1)?.id });
  for (const image of chain) {
    expect((await get(`/v1/images/${image.id}/json`).expect(200)).text).toBe(image.json.toString());
    const layer = (await get(`/v1/images/${image.id}/layer`).expect(200)).body as Buffer;
    expect(layer.equals(image.layer)).toBe(true);
  }
}

/** How long it took, in milliseconds. */
async function timeOf(work: Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work;
  return performance.now() - before;
}

it(`${ROUNDS} kills in the middle of a push lose nothing complete, and nothing broken blocks the next push (R21)`, async () => {
  const first = createBigChain();
  let pushMs = await timeOf(pushImages(place.server, 'alice/first', first));
  let cutOff = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const repository = `alice/round${round}`;
    const chain = createBigChain();
    const push = pushImages(place.server, repository, chain).then(
      () => 'finished',
      () => 'cut off',
    );
    await sleep(Math.random() * pushMs);
    await place.server.end('SIGKILL');
    if ((await push) === 'cut off') cutOff += 1;
    await place.restart();
    // A machine that is more or less busy than a minute ago must not make the kills come too late.
    pushMs = await timeOf(pushImages(place.server, repository, chain));
    await expectPullsWhole(repository, chain);
  }
  await expectPullsWhole('alice/first', first);
  expect(cutOff).toBeGreaterThan(ROUNDS / 2);
  expect(await expectBytesForEveryRow(place.database.db, place.blobDir)).toBeGreaterThanOrEqual(3 * (ROUNDS + 1));
});
