import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { readLockFile } from '../../src/platform/db/embedded/lock-file';
import { createDataDir, removeDataDir } from '../helpers/data-dir';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import type { TestImage } from '../helpers/images';
import { asUser } from '../helpers/v2-client';
import { startOwnPostgres, type OwnPostgres } from '../helpers/own-postgres';
import { waitUntil } from '../helpers/wait-until';
import { differenceOf, engineClient, growChain, Refused, type ClientAnswer } from './engine-client';

const ADMINISTRATOR = { DRYDOCK_ADMIN_USERNAME: 'alice', DRYDOCK_ADMIN_PASSWORD: 'alicepw' };
const CLIENTS = 4;
const OUTAGE_MS = 3000;
/** A request may wait for a connection (5 s) and for a new one to open (3 s), and no longer. */
const LONGEST_MS = 9000;

/** A push that the server has fully acknowledged. */
interface Acknowledged {
  readonly repository: string;
  readonly chain: readonly TestImage[];
}

/** Clients that push and pull until they are stopped. */
function startLoad(server: ChildServer) {
  const answers: ClientAnswer[] = [];
  const acknowledged: Acknowledged[] = [];
  let isOver = false;
  const work = async (client: number): Promise<void> => {
    const engine = engineClient(server.url, 'alice', (_, answer) => answers.push(answer));
    for (let round = 0; !isOver; round += 1) {
      const repository = `alice/load${client}-${round}`;
      const chain = growChain([], 2, () => randomBytes(50_000));
      try {
        await engine.push(repository, chain, ['latest']);
        acknowledged.push({ repository, chain });
        expect(differenceOf(await engine.pull(repository, 'latest'), chain)).toBeUndefined();
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        await sleep(20);
      }
    }
    engine.close();
  };
  const ended = Promise.all(Array.from({ length: CLIENTS }, (_, client) => work(client)));
  return {
    answers,
    acknowledged,
    stop: () => {
      isOver = true;
      return ended;
    },
  };
}

type Load = ReturnType<typeof startLoad>;

/** Runs `work` during a load, which always ends with it. */
async function underLoad(server: ChildServer, work: (load: Load) => Promise<void>): Promise<Load> {
  const load = startLoad(server);
  try {
    await work(load);
  } finally {
    await load.stop();
  }
  return load;
}

/** Accepts only what a client can handle: the expected answer, a broken connection, or a 503 in JSON. */
function expectCleanFailures(answers: readonly ClientAnswer[]): void {
  const bad = answers.filter(({ status }) => status >= 500 || status === 0);
  for (const { status, headers, bytes } of bad) {
    if (status === 0) continue;
    expect([status, headers['content-type']]).toEqual([503, 'application/json']);
    expect(JSON.parse(bytes.toString())).toEqual({ error: expect.stringMatching(/^The database /) as string });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
  expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(LONGEST_MS);
}

async function readiness(server: ChildServer): Promise<unknown> {
  const { status, body } = await request(server.url).get('/readyz');
  return [status, body];
}

async function expectAllWhole(server: ChildServer, pushes: readonly Acknowledged[]): Promise<void> {
  const engine = engineClient(server.url, 'alice');
  for (const { repository, chain } of pushes) {
    expect([repository, differenceOf(await engine.pull(repository, 'latest'), chain)]).toEqual([repository, undefined]);
  }
  engine.close();
}

/** Without a database, v2 answers in its own form that clients can try again. */
async function expectUnavailableOverV2({ url }: ChildServer): Promise<void> {
  for (const [method, path] of [
    ['get', 'manifests/latest'],
    ['post', 'blobs/uploads/'],
    ['put', 'manifests/latest'],
  ] as const) {
    const { status, body, headers } = await asUser({ server: url }, method, `/v2/alice/app/${path}`);
    expect([method, status, body.errors?.[0].code]).toEqual([method, 503, 'UNKNOWN']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
}

describe('a restart of Postgres under load', () => {
  let postgres: OwnPostgres;
  let dataDir: string;
  let server: ChildServer;

  beforeAll(async () => {
    postgres = await startOwnPostgres();
    dataDir = await createDataDir('outage');
    server = await startChildServer({
      DATABASE_URL: postgres.url,
      DRYDOCK_DATA_DIR: dataDir,
      LOG_LEVEL: 'error',
      ...ADMINISTRATOR,
    });
  });

  afterAll(async () => {
    await server.end('SIGKILL');
    await postgres.remove();
    await removeDataDir(dataDir);
  });

  it.each([
    ['a fast shutdown', () => postgres.stopFast()],
    ['kill -9', () => postgres.kill()],
  ])(
    'after %s causes only 503 in JSON, recovers without help, and loses nothing that was acknowledged (R23)',
    async (_, end) => {
      const load = await underLoad(server, async ({ answers, acknowledged }) => {
        await waitUntil('the first pushes', () => acknowledged.length >= 2 * CLIENTS);
        await end();
        const before = answers.length;
        await sleep(OUTAGE_MS);
        expect(await readiness(server)).toEqual([503, { status: 'failed', database: 'failed', storage: 'ok' }]);
        expect(answers.slice(before).filter(({ status }) => status === 503).length).toBeGreaterThan(20);

        await expectUnavailableOverV2(server);
        await postgres.start();
        await waitUntil('readiness', async () => JSON.stringify(await readiness(server)).includes('200'));
        const pushedBefore = acknowledged.length;
        await waitUntil('further pushes', () => acknowledged.length >= pushedBefore + 2 * CLIENTS);
      });
      expectCleanFailures(load.answers);
      expect(server.process.exitCode).toBeNull();
      await expectAllWhole(server, load.acknowledged);
    },
    90_000,
  );
});

describe("Drydock's own Postgres", () => {
  it('is restarted when it is killed, and the server continues (R24)', async () => {
    const dataDir = await createDataDir('outage');
    const server = await startChildServer({ DRYDOCK_DATA_DIR: dataDir, LOG_LEVEL: 'error', ...ADMINISTRATOR });
    try {
      const postgres = (): number | undefined => readLockFile(path.join(dataDir, 'postgres'))?.pid;
      const load = await underLoad(server, async ({ acknowledged }) => {
        await waitUntil('the first pushes', () => acknowledged.length >= CLIENTS);
        const killed = postgres();
        expect(killed).toBeGreaterThan(1);
        process.kill(Number(killed), 'SIGKILL');
        await waitUntil('a restart', () => ![undefined, killed].includes(postgres()));
        const pushedBefore = acknowledged.length;
        await waitUntil('further pushes', () => acknowledged.length >= pushedBefore + 2 * CLIENTS);
      });
      expectCleanFailures(load.answers);
      await expectAllWhole(server, load.acknowledged);
    } finally {
      await server.end('SIGTERM');
      await removeDataDir(dataDir);
    }
  });
});
