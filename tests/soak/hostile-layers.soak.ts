import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import request from 'supertest';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { longNames, manyFiles, manyZeros, manyZerosInXz } from '../helpers/hostile-layers';
import { createImage, pushImages } from '../helpers/images';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import { passwordOf } from '../helpers/test-server';
import { print } from './minutes';
import { childrenOf, residentMegabytes } from './processes';

/*
 * Ten clients inspect layers that are expensive by design, for DRYDOCK_HOSTILE_SECONDS (30 by default), while pings are
 * timed. There are two processes, each with a heap of 512 MB.
 */

const SECONDS = Number(process.env['DRYDOCK_HOSTILE_SECONDS'] ?? '30');
const CLIENTS = 10;
/** No client waits longer, so the server must not continue the work for it. */
const PATIENCE_MS = 10_000;
const GOAL_MS = 100;

let database: TestDatabase;
let dataDir: string;
let server: ChildServer;

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-hostile-'));
  server = await startChildServer({
    DATABASE_URL: database.url,
    DRYDOCK_DATA_DIR: dataDir,
    DRYDOCK_WORKERS: '2',
    NODE_OPTIONS: '--max-old-space-size=512',
  });
  const account = { username: 'alice', password: passwordOf('alice'), email: 'alice@example.com' };
  await request(server.url).post('/v1/users/').send(account).expect(201);
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/**
 * A client in its own thread, so that its reading does not delay the pings. It asks again as soon as it is answered.
 */
const CLIENT = `
  const { parentPort, workerData: { url, paths, patienceMs } } = require('node:worker_threads');
  const http = require('node:http');
  const statuses = {};
  const count = (kind) => { statuses[kind] = (statuses[kind] ?? 0) + 1; };
  const ask = (path) => new Promise((resolve) => {
    const headers = { accept: 'text/html' };
    const req = http.get(url + path, { agent: false, headers, timeout: patienceMs }, (res) => {
      res.on('end', () => { count(res.statusCode); resolve(res.statusCode); }).on('error', () => resolve(0)).resume();
    });
    const late = setTimeout(() => { count('given up'); req.destroy(); }, patienceMs);
    req.on('close', () => { clearTimeout(late); resolve(0); }).on('error', () => resolve(0));
  });
  parentPort.on('message', () => { parentPort.postMessage(statuses); process.exit(); });
  (async () => {
    for (let at = 0; ; at += 1) {
      const status = await ask(paths[at % paths.length]);
      if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
`;

async function pushLayers(): Promise<string[]> {
  const base = createImage({ layer: longNames(100, 16_000) });
  const shorter = createImage({ layer: longNames(400, 4000) });
  const xz = manyZerosInXz(2048);
  const images = [
    base,
    createImage({ parent: base.id, layer: longNames(1, 100) }),
    shorter,
    createImage({ parent: shorter.id, layer: longNames(400, 4000) }),
    createImage({ layer: manyFiles(490_000) }),
    createImage({ layer: manyZeros(4096) }),
    ...(xz === undefined ? [] : [createImage({ layer: xz })]),
  ];
  for (const image of images) await pushImages(server, 'alice/app', [image]);
  return images.flatMap(({ id }, at) => [
    `/v1/images/${id}/files`,
    `/v1/images/${id}/diff`,
    `/r/alice/app/images/${id}/files/?directory=${at}`,
    `/api/v1.1/repositories/alice/app/images/${id}/files/?directory=${at}`,
  ]);
}

function ping(): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const done = (): void => resolve(performance.now() - startedAt);
    get(`${server.url}/v1/_ping`, { agent: false, timeout: 30_000 }, (response) => {
      response.on('end', done).on('error', done).resume();
    }).on('error', done);
  });
}

function percentile(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}

it(
  `${SECONDS} seconds of ten clients that inspect hostile layers: pings are answered, and no process dies`,
  async () => {
    const paths = await pushLayers();
    const pid = server.process.pid ?? 0;
    const before = childrenOf(pid);
    const clients = Array.from({ length: CLIENTS }, (_, at) => {
      const turned = [...paths.slice((at * 3) % paths.length), ...paths.slice(0, (at * 3) % paths.length)];
      return new Worker(CLIENT, {
        eval: true,
        workerData: { url: server.url, paths: turned, patienceMs: PATIENCE_MS },
      });
    });
    await sleep(1000);
    const times: number[] = [];
    let megabytes = 0;
    const endAt = Date.now() + SECONDS * 1000;
    while (Date.now() < endAt) {
      times.push(await ping());
      if (times.length % 50 === 0) megabytes = Math.max(megabytes, residentMegabytes(pid));
      await sleep(10);
    }
    const statuses = new Map<string, number>();
    for (const client of clients) {
      const answered = new Promise<Record<string, number>>((resolve) => client.once('message', resolve));
      client.postMessage('end');
      for (const [kind, count] of Object.entries(await answered)) {
        statuses.set(kind, (statuses.get(kind) ?? 0) + count);
      }
    }
    times.sort((a, b) => a - b);
    const [median, late, last] = [percentile(times, 0.5), percentile(times, 0.99), percentile(times, 1)];
    print(`pings   ${times.length}: median ${median} ms, 99th percentile ${late} ms, slowest ${last} ms`);
    print(`clients ${[...statuses].map(([kind, count]) => `${count} x ${kind}`).join(', ')}`);
    print(`memory  ${megabytes} MiB at most, all processes together`);
    expect(childrenOf(pid)).toEqual(before);
    expect(late).toBeLessThan(GOAL_MS);
  },
  (SECONDS + 300) * 1000,
);
