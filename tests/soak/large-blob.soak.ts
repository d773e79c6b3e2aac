import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import request from 'supertest';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import { basic } from '../helpers/test-server';
import { print } from './minutes';
import { residentMegabytes } from './processes';

/*
 * A blob of DRYDOCK_BLOB_GIGABYTES (5 by default) over v2, in one PATCH as docker sends it and in one PUT as containerd
 * does: the memory of the server does not grow with it.
 */

const GIGABYTES = Number(process.env['DRYDOCK_BLOB_GIGABYTES'] ?? '5');
const PIECE = Buffer.alloc(1024 * 1024, 'drydock');
const PIECES = Math.round(GIGABYTES * 1024);
/** How much more than before the server may use. */
const GROWTH_MEGABYTES = 150;

let database: TestDatabase;
let dataDir: string;
let server: ChildServer;

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-large-'));
  server = await startChildServer({
    DATABASE_URL: database.url,
    DRYDOCK_DATA_DIR: dataDir,
    DRYDOCK_ADMIN_USERNAME: 'alice',
    DRYDOCK_ADMIN_PASSWORD: 'alicepw',
    DRYDOCK_STORAGE_RESERVE: '0',
  });
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

function* pieces(count: number, first: string): Generator<Buffer> {
  yield Buffer.from(first);
  for (let sent = 0; sent < count; sent += 1) yield PIECE;
}

function digestOf(first: string): string {
  const hash = createHash('sha256');
  for (const piece of pieces(PIECES, first)) hash.update(piece);
  return `sha256:${hash.digest('hex')}`;
}

async function send(method: 'PATCH' | 'PUT', location: string, first: string): Promise<number> {
  const req = httpRequest(`${server.url}${location}`, { method, headers: { Authorization: basic('alice') } });
  const answered = new Promise<number>((resolve, reject) => {
    req.on('response', (res) => resolve(res.resume().statusCode ?? 0)).on('error', reject);
  });
  await pipeline(Readable.from(pieces(PIECES, first)), req);
  return answered;
}

async function startUpload(): Promise<string> {
  const { headers } = await request(server.url)
    .post('/v2/alice/large/blobs/uploads/')
    .set('Authorization', basic('alice'))
    .expect(202);
  return String(headers['location']);
}

it.each([
  ['PATCH', 202],
  ['PUT', 201],
] as const)(
  `${GIGABYTES} GB in one %s take flat memory`,
  async (method, expected) => {
    const digest = digestOf(method);
    const location = await startUpload();
    const before = residentMegabytes(server.process.pid ?? 0);
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, residentMegabytes(server.process.pid ?? 0))), 500);
    const startedAt = performance.now();
    try {
      const commit = `${location}?digest=${digest}`;
      expect(await send(method, method === 'PUT' ? commit : location, method)).toBe(expected);
      if (method === 'PATCH') {
        await request(server.url).put(commit).set('Authorization', basic('alice')).expect(201);
      }
    } finally {
      clearInterval(watch);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    print(`${method}: ${PIECES} MiB in ${seconds.toFixed(0)} s, resident before ${before} MiB, at most ${most} MiB`);
    expect(most - before).toBeLessThan(GROWTH_MEGABYTES);
    await request(server.url)
      .delete(`/v2/alice/large/blobs/${digest}`)
      .set('Authorization', basic('alice'))
      .expect(202);
  },
  600_000,
);
