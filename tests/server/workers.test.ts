import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createChain, pushImages, startPull } from '../helpers/images';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';

let database: TestDatabase;
let dataDir: string;
let server: ChildServer;
beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-workers-'));
  server = await startChildServer(environment());
});
afterAll(async () => {
  await server.end('SIGKILL');
  await database.drop();
  await rm(dataDir, { recursive: true });
});

function environment(): Record<string, string> {
  return {
    DATABASE_URL: database.url,
    DRYDOCK_DATA_DIR: dataDir,
    DRYDOCK_ADMIN_USERNAME: 'alice',
    DRYDOCK_ADMIN_PASSWORD: 'alicepw',
    DRYDOCK_WORKERS: '2',
    LOG_LEVEL: 'fatal',
  };
}

function workerPids(): number[] {
  const output = execFileSync('sh', ['-c', `cat /proc/${server.process.pid}/task/*/children`], { encoding: 'utf8' });
  return output.split(/\s+/).filter(Boolean).map(Number);
}

async function ping(): Promise<number> {
  return (await request(server.url).get('/v1/_ping')).status;
}

it('two processes answer, and each accepts the tokens of the other', async () => {
  expect(workerPids()).toHaveLength(2);
  const chain = createChain(2);
  await pushImages(server, 'alice/app', chain);
  const token = await startPull(server, 'alice/app');
  for (let turn = 0; turn < 8; turn += 1) {
    const tags = await request(server.url).get('/v1/repositories/alice/app/tags').set('Authorization', token);
    expect(tags.body).toEqual({ latest: chain[1]!.id });
  }
});

it('the metrics cover all processes', async () => {
  const count = async (): Promise<number> => {
    const { text } = await request(server.url).get('/metrics').expect(200);
    const lines = text.split('\n').filter((line) => /^drydock_http_request_duration_seconds_count.*_ping/.test(line));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  const before = await count();
  for (let turn = 0; turn < 10; turn += 1) await ping();
  expect((await count()) - before).toBe(10);
});

it('a process that dies is replaced while the others continue (R39)', async () => {
  const [victim, other] = workerPids();
  process.kill(victim!, 'SIGKILL');
  for (let turn = 0; turn < 20; turn += 1) expect(await ping()).toBe(200);
  const deadline = Date.now() + 20_000;
  while (workerPids().length < 2 && Date.now() < deadline) await sleep(100);
  const after = workerPids();
  expect(after).toHaveLength(2);
  expect(after).toContain(other);
  expect(after).not.toContain(victim);
});

/** Begins a request, and resolves when a process is handling it. */
async function beginRequest(): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const head = ['POST /v1/users HTTP/1.1', 'Host: hub.test', 'Content-Length: 2', 'Expect: 100-continue', '', ''];
  socket.write(head.join('\r\n'));
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 100 /);
  return socket;
}

it('SIGTERM ends all processes with exit code 0', async () => {
  const pids = workerPids();
  expect(await server.end('SIGTERM')).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('Ctrl-C, which reaches all processes at once, lets a request finish (R41)', async () => {
  server = await startChildServer(environment());
  const socket = await beginRequest();
  const pids = workerPids();
  for (const pid of [...pids, server.process.pid!]) process.kill(pid, 'SIGINT');
  await sleep(500); // by then the primary has notified them, too
  socket.write('{}');
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 400 /);
  const [code] = server.process.exitCode === null ? await once(server.process, 'exit') : [server.process.exitCode];
  expect(code).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
