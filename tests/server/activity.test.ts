import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createChain, pushImages } from '../helpers/images';
import { pullMany } from '../helpers/pulling-client';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';

const PULLS = 50_000;
const FEW = 10_000;
const ENGINES = [
  'docker/0.6.7 kernel/3.8.0',
  'docker/1.5.0 kernel/3.13.0',
  'docker/1.5.0 kernel/3.16.0',
  'curl/7.35.0',
];

let database: TestDatabase;
let dataDir: string;
let server: ChildServer;
beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-activity-'));
  server = await startChildServer({
    DATABASE_URL: database.url,
    DRYDOCK_DATA_DIR: dataDir,
    DRYDOCK_ADMIN_USERNAME: 'alice',
    DRYDOCK_ADMIN_PASSWORD: 'alicepw',
    DRYDOCK_WORKERS: '2',
    LOG_LEVEL: 'fatal',
  });
});
afterAll(async () => {
  await server.end('SIGKILL');
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const counted = async (): Promise<Record<string, number>> => {
  const rows: { engine: string; kernel: string; pulls: number }[] = await database.db('repository_activity');
  return Object.fromEntries(rows.map(({ engine, kernel, pulls }) => [`${engine} ${kernel}`, pulls]));
};
const sum = async (): Promise<number> => Object.values(await counted()).reduce((total, pulls) => total + pulls, 0);

/**
 * Pulls until both processes count, because one may have begun to listen long before the other; then discards those
 * counts.
 */
async function untilBothCount(): Promise<void> {
  const deadline = Date.now() + 60_000;
  const few = { repository: 'alice/app', times: 64, connections: 64, userAgents: ENGINES };
  let pulls = 0;
  const isSettled = async (): Promise<boolean> =>
    (await sum()) === pulls && (await database.db('activity_sources')).length >= 2;
  while (!(await isSettled())) {
    if (Date.now() > deadline) throw new Error('only one of the two processes counts');
    if ((await sum()) === pulls) {
      await pullMany(server.url, few);
      pulls += few.times;
    }
    await sleep(200);
  }
  await database.db('repository_activity').delete();
}

it('50,000 pulls are counted exactly by three processes, one of which stops during them (R38)', async () => {
  await pushImages(server, 'alice/app', createChain(2));
  await untilBothCount();
  const other = await startChildServer({ DATABASE_URL: database.url, DRYDOCK_DATA_DIR: dataDir, LOG_LEVEL: 'fatal' });
  const pull = (from: ChildServer, times: number): Promise<Map<number, number>> =>
    pullMany(from.url, { repository: 'alice/app', times, connections: 32, userAgents: ENGINES });
  const most = pull(server, PULLS - FEW);
  expect([...(await pull(other, FEW))]).toEqual([[200, FEW]]);
  expect(await other.end('SIGTERM')).toBe(0);
  expect([...(await most)]).toEqual([[200, PULLS - FEW]]);

  // Counts that are not saved within a few seconds will not be saved by themselves.
  const deadline = Date.now() + 20_000;
  while ((await sum()) < PULLS && Date.now() < deadline) await sleep(100);
  const each = PULLS / ENGINES.length;
  expect(await counted()).toEqual({
    '0.6.7 3.8.0': each,
    '1.5.0 3.13.0': each,
    '1.5.0 3.16.0': each,
    ' ': each,
  });
});

it('a process saves its counts before it ends (R38)', async () => {
  const statuses = await pullMany(server.url, {
    repository: 'alice/app',
    times: 1000,
    connections: 16,
    userAgents: ['docker/1.5.0 kernel/3.13.0'],
  });
  expect([...statuses]).toEqual([[200, 1000]]);
  expect(await server.end('SIGTERM')).toBe(0);
  expect(await sum()).toBe(PULLS + 1000);
});
