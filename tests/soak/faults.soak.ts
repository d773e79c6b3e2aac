import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { openDb } from '../../src/platform/db/db';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { startOwnPostgres, type OwnPostgres } from '../helpers/own-postgres';
import { passwordOf } from '../helpers/test-server';
import { createChains, pullEverything, runFleet } from '../reliability/fleet';
import { recount } from '../reliability/recount';
import { expectBytesForEveryRow } from '../reliability/stored-bytes';
import { MINUTES, print } from './minutes';

/*
 * A third of the soak's time: pushes and pulls, during which Postgres is stopped or killed again and again, and the
 * server is killed. Whatever was interrupted, every tag is whole at the end.
 */

const FAULT_MINUTES = Math.max(0.5, MINUTES / 3);
const CLIENTS = 8;
const USERS = ['alice', 'bobby', 'carol', 'daisy'];
const MIX = { push: 5, pull: 4, deleteTag: 1, search: 0, login: 1 };
const WELL_MS = 4000;
const ILL_MS = 1500;

let postgres: OwnPostgres;
let dataDir: string;
let server: ChildServer;
let port = '0';

async function startServer(): Promise<ChildServer> {
  return startChildServer({ DATABASE_URL: postgres.url, DRYDOCK_DATA_DIR: dataDir, LOG_LEVEL: 'fatal', PORT: port });
}

beforeAll(async () => {
  postgres = await startOwnPostgres();
  dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-faults-'));
  server = await startServer();
  port = new URL(server.url).port;
  for (const username of USERS) {
    const account = { username, password: passwordOf(username), email: `${username}@example.com` };
    await request(server.url).post('/v1/users/').send(account).expect(201);
  }
}, 60_000);
afterAll(async () => {
  await server.end('SIGKILL');
  await postgres.remove();
  await rm(dataDir, { recursive: true, force: true });
});

async function breakPostgres(how: () => Promise<void>): Promise<void> {
  await how();
  await sleep(ILL_MS);
  await postgres.start();
}

async function breakServer(): Promise<void> {
  await server.end('SIGKILL');
  server = await startServer();
}

const FAULTS = [
  () => breakPostgres(postgres.stopFast),
  breakServer,
  () => breakPostgres(postgres.kill),
  breakServer,
] as const;

it(
  `${FAULT_MINUTES.toFixed(1)} minutes of faults cause only 503 and broken connections, and every tag is whole`,
  async () => {
    const endAt = Date.now() + FAULT_MINUTES * 60_000;
    const isOver = (): boolean => Date.now() >= endAt;
    const chains = createChains(256 * 1024);
    let faults = 0;
    const fail = async (): Promise<void> => {
      for (; !isOver(); faults += 1) {
        await sleep(WELL_MS);
        await FAULTS[faults % FAULTS.length]?.();
      }
    };
    const fleet = { users: USERS, urls: [server.url], clients: CLIENTS, chains, mix: MIX, pauseMs: 20, isOver };
    const [deeds] = await Promise.all([runFleet(fleet), fail()]);
    const unclean = [...deeds.errors.keys()].filter((kind) => !/: (0 |503 (\{"error":)?"The database )/.test(kind));
    const refused = [...deeds.errors.values()].reduce((sum, count) => sum + count, 0);
    print(
      `${faults} faults: ${deeds.pushes} pushes, ${deeds.imagesVerified} images verified, ${refused} deeds cut off`,
    );
    expect(unclean).toEqual([]);
    expect(deeds.pushes).toBeGreaterThan(CLIENTS);

    for (let attempt = 0; attempt < 100; attempt += 1) {
      if ((await request(server.url).get('/readyz')).status === 200) break;
      await sleep(100);
    }
    const { tags, wrong } = await pullEverything(server.url, USERS, chains);
    print(`tags at the end: ${tags}, wrong: ${wrong.length}`);
    expect(wrong).toEqual([]);
    const db = openDb(postgres.connection);
    const blobDir = path.join(dataDir, 'blobs');
    await expect(recount(db, blobDir)).resolves.toMatchObject({ brokenTags: 0, damaged: 0, missingFiles: [] });
    await expectBytesForEveryRow(db, blobDir);
    await db.destroy();
  },
  (FAULT_MINUTES + 3) * 60_000,
);
