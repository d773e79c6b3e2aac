import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { startSibling } from '../helpers/sibling-server';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';
import { asUser, digestOf, imageOf, OCI_MANIFEST, pushBlob, startUpload } from '../helpers/v2-client';
import { waitUntil } from '../helpers/wait-until';
import { Connection } from '../platform/http/listening';

/*
 * Uploads over v2 whose requests go to two processes on one database and one folder, at once, or that break off.
 */

const IDLE_MS = 1500;

let server: TestServer;
let sibling: { server: Server; close: () => Promise<void> };
beforeAll(async () => {
  server = await startTestServer({ timeouts: { idleBodyMs: IDLE_MS } });
  sibling = await startSibling(server);
  await addUser(server, 'alice');
});
afterAll(async () => {
  await sibling.close();
  await server.close();
});

const open: Connection[] = [];
afterEach(() => open.splice(0).forEach(({ socket }) => socket.destroy()));

function send(on: Server, lines: readonly string[], body: Buffer | string = ''): Connection {
  const connection = new Connection((on.address() as AddressInfo).port);
  open.push(connection);
  const head = [...lines, 'Host: hub.test', `Authorization: ${basic('alice')}`];
  connection.socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), Buffer.from(body)]));
  return connection;
}

async function filesOf(location: string): Promise<string[]> {
  return readdir(path.join(server.blobDir, 'resumable', location.split('/').at(-1) ?? '')).catch(() => []);
}

/** Whether a process is writing to the upload. */
async function isWritten(location: string): Promise<boolean> {
  return (await filesOf(location)).some((name) => name.startsWith('turn-'));
}

/** Begins a PATCH on a process, and waits until the first part of its body is stored. */
async function beginPatch(on: Server, location: string, whole: Buffer, part: number): Promise<Connection> {
  const head = [`PATCH ${location} HTTP/1.1`, `Content-Length: ${whole.length}`];
  const connection = send(on, head, whole.subarray(0, part));
  await waitUntil('the first bytes', () => isWritten(location));
  return connection;
}

async function offsetOf(location: string): Promise<number> {
  const { headers } = await asUser(server, 'get', location).expect(204);
  const last = Number(String(headers['range']).split('-')[1]);
  return last === 0 ? 0 : last + 1;
}

async function commit(on: Server, location: string, bytes: Buffer): Promise<void> {
  await asUser({ server: on }, 'put', `${location}?digest=${digestOf(bytes)}`).expect(201);
  const { body } = await asUser(server, 'get', `/v2/alice/app/blobs/${digestOf(bytes)}`).expect(200);
  expect((body as Buffer).equals(bytes)).toBe(true);
}

it('the requests of an upload may go to any process (R263)', async () => {
  const bytes = randomBytes(300_000);
  const location = await startUpload(server, 'alice/app');
  const patch = (on: { server: Server }, from: number, to: number) =>
    asUser(on, 'patch', location)
      .set('Content-Range', `${from}-${to - 1}`)
      .send(bytes.subarray(from, to))
      .expect(202);
  await patch(sibling, 0, 100_000);
  await patch(server, 100_000, 250_000);
  await patch(sibling, 250_000, 300_000);
  await commit(server.server, location, bytes);
});

it('all styles of clients push one image to two processes (R263)', async () => {
  const [docker, containerd, single] = [randomBytes(2000), randomBytes(2000), randomBytes(2000)] as const;
  const location = await startUpload(server, 'alice/styles');
  await asUser(sibling, 'patch', location).send(docker).expect(202);
  await asUser(server, 'put', `${location}?digest=${digestOf(docker)}`).expect(201);
  await asUser(sibling, 'head', `/v2/alice/styles/blobs/${digestOf(docker)}`).expect(200);
  await pushBlob(sibling, 'alice/styles', containerd);
  const post = `/v2/alice/styles/blobs/uploads/?digest=${digestOf(single)}`;
  await asUser(sibling, 'post', post).send(single).expect(201);
  const [config, ...layers] = [docker, containerd, single].map((bytes) => {
    return { mediaType: 'x/y', digest: digestOf(bytes), size: bytes.length };
  });
  const manifest = JSON.stringify(imageOf(config!, layers));
  await asUser(server, 'put', '/v2/alice/styles/manifests/one').type(OCI_MANIFEST).send(manifest).expect(201);
  const { text } = await asUser(sibling, 'get', '/v2/alice/styles/manifests/one').buffer().expect(200);
  expect(text).toBe(manifest);
});

it('a second writer is refused while the first one writes, and spoils nothing (R263)', async () => {
  const bytes = randomBytes(200_000);
  const location = await startUpload(server, 'alice/app');
  const first = await beginPatch(server.server, location, bytes, 100_000);
  for (const method of ['patch', 'put'] as const) {
    const query = method === 'put' ? `?digest=${digestOf(bytes)}` : '';
    const { status, body } = await asUser(sibling, method, location + query).send(randomBytes(10));
    expect([[409, 416], body.errors[0].code]).toEqual([expect.arrayContaining([status]), 'BLOB_UPLOAD_INVALID']);
  }
  first.socket.write(bytes.subarray(100_000));
  expect(await first.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 202 /);
  await commit(sibling.server, location, bytes);
});

it('a client whose connection breaks asks how much has arrived, and continues on another process (R263)', async () => {
  const bytes = randomBytes(3_000_000);
  const location = await startUpload(server, 'alice/app');
  const first = await beginPatch(server.server, location, bytes, 2_500_000);
  first.socket.destroy();
  await waitUntil('the end of the write', async () => !(await isWritten(location)));
  const offset = await offsetOf(location);
  expect(offset).toBeGreaterThan(0);
  expect(offset).toBeLessThanOrEqual(2_500_000);
  const rest = asUser(sibling, 'patch', location).set('Content-Range', `${offset}-${bytes.length - 1}`);
  await rest.send(bytes.subarray(offset)).expect(202);
  await commit(sibling.server, location, bytes);
});

it('a client that stops sending is cut off, and may continue (R263)', async () => {
  const bytes = randomBytes(200_000);
  const location = await startUpload(server, 'alice/app');
  const first = await beginPatch(server.server, location, bytes, 150_000);
  expect(await first.all()).not.toContain('HTTP/1.1 202');
  await waitUntil('the end of the write', async () => !(await isWritten(location)));
  expect(await offsetOf(location)).toBe(150_000);
  await asUser(server, 'patch', location).send(bytes.subarray(150_000)).expect(202);
  await commit(server.server, location, bytes);
});

it('an upload that is cancelled while it is written is gone (R263)', async () => {
  const bytes = randomBytes(200_000);
  const location = await startUpload(server, 'alice/app');
  const first = await beginPatch(server.server, location, bytes, 100_000);
  await asUser(sibling, 'delete', location).expect(204);
  first.socket.write(bytes.subarray(100_000));
  expect(await first.until('BLOB_UPLOAD_UNKNOWN')).toMatch(/^HTTP\/1\.1 404 /);
  await asUser(server, 'get', location).expect(404);
  expect(await filesOf(location)).toEqual([]);
});

it('a connection stays open after an upload is refused, whose body is taken in (R263)', async () => {
  const unknown = `/v2/alice/app/blobs/uploads/${'0'.repeat(32)}`;
  const body = randomBytes(60_000);
  for (const line of [`PATCH ${unknown}`, `PUT ${unknown}?digest=sha256:1`, 'PUT /v2/alice/app/manifests/.bad']) {
    const connection = send(server.server, [`${line} HTTP/1.1`, `Content-Length: ${body.length}`], body);
    expect(await connection.until('"errors"')).toMatch(/^HTTP\/1\.1 40[04] /);
    const again = ['GET /v2/ HTTP/1.1', 'Host: hub.test', `Authorization: ${basic('alice')}`, '', ''];
    connection.socket.write(again.join('\r\n'));
    expect(await connection.until('HTTP/1.1 200')).toContain('HTTP/1.1 200');
  }
});

it('a TLS hello on the plain port is answered with HTTP, which sends clients back to HTTP (R263)', async () => {
  const connection = new Connection(server.port);
  open.push(connection);
  const hello = Buffer.concat([Buffer.from('16030100c8010000c40303', 'hex'), randomBytes(194)]);
  await once(connection.socket, 'connect');
  connection.socket.write(hello);
  expect(await connection.all()).toMatch(/^HTTP\//);
});

it.each(['/v2', '/v2/', '/v2/alice/app/blobs/uploads', '/v2/alice/app/blobs/uploads/'])(
  '%s is answered, not redirected',
  async (path) => {
    const method = path.includes('uploads') ? 'post' : 'get';
    const { status, headers } = await asUser(server, method, path).redirects(0);
    expect([status, headers['docker-distribution-api-version']]).toEqual([method === 'post' ? 202 : 200, undefined]);
  },
);

it('HEAD of a manifest has its length, on a connection of its own (R263)', async () => {
  const connection = send(server.server, ['HEAD /v2/alice/styles/manifests/one HTTP/1.1', 'Connection: close']);
  const answer = await connection.all();
  expect(answer).toMatch(/\r\nContent-Length: [1-9]\d*\r\n/i);
  expect(answer).not.toMatch(/transfer-encoding/i);
});
