import { once } from 'node:events';
import { statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import request from 'supertest';
import { StorageRoom } from '../../../src/blobs/storage-room';
import { createImage } from '../../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * A client that sends `Expect: 100-continue` holds its body back until the server asks for it. The server asks only
 * after all checks, so that a client that is refused does not send gigabytes first.
 */

let server: TestServer;
let full: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  full = await startTestServer();
  const gauge = { usedBytes: () => Promise.resolve(0), freeBytes: () => freeBytesAt(full.blobDir) };
  const limits = { limitBytes: undefined, reserveBytes: Number.MAX_SAFE_INTEGER };
  Object.assign(full.ctx, { storageRoom: new StorageRoom(limits, gauge) });
  for (const each of [server, full]) await addUser(each, 'alice');
});
afterAll(async () => {
  await server.close();
  await full.close();
});

async function freeBytesAt(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

interface Heard {
  /** the status lines, in order */
  readonly statuses: readonly string[];
  readonly body: string;
}

/** Sends a head, and the body only if the server asks for it; reads until the server closes. */
async function hold(on: TestServer, lines: readonly string[], body: string | Buffer): Promise<Heard> {
  const socket = connect(on.port, '127.0.0.1');
  socket.write([...lines, 'Host: hub.test', 'Expect: 100-continue', '', ''].join('\r\n'));
  let heard = '';
  socket.on('data', (data: Buffer) => {
    const hasAsked = heard.startsWith('HTTP/1.1 100 ');
    heard += data.toString('latin1');
    if (!hasAsked && heard.startsWith('HTTP/1.1 100 ')) socket.write(body);
  });
  await once(socket, 'close');
  return { statuses: heard.match(/^HTTP\/1\.1 \d+/gm) ?? [], body: heard.split('\r\n\r\n').at(-1) ?? '' };
}

const image = createImage({ layer: Buffer.alloc(2000, 'layer') });

async function startUpload(on: TestServer): Promise<string> {
  const opened = await request(on.server)
    .put('/v1/repositories/alice/app/')
    .set('Authorization', basic('alice'))
    .send([{ id: image.id }]);
  const token = `Token ${opened.headers['x-docker-token']}`;
  const json = request(on.server).put(`/v1/images/${image.id}/json`).set('Authorization', token);
  await json.send(image.json.toString()).expect(200);
  return token;
}

const LAYER = `PUT /v1/images/${image.id}/layer HTTP/1.1`;
const LENGTH = `Content-Length: ${image.layer.length}`;

it('asks once for a layer that is accepted, and stores it', async () => {
  const token = await startUpload(server);
  const lines = [LAYER, LENGTH, `Authorization: ${token}`, 'Connection: close'];
  expect(await hold(server, lines, image.layer)).toEqual({ statuses: ['HTTP/1.1 100', 'HTTP/1.1 200'], body: 'true' });
});

it.each([
  ['without credentials', []],
  ['with a wrong password', [`Authorization: ${basic('alice', 'wrong')}`]],
  ['with a token that is none', ['Authorization: Token signature=0,repository="alice/app",access=write']],
])('refuses a layer %s with 401 before it is sent', async (_, credentials) => {
  const { statuses, body } = await hold(server, [LAYER, LENGTH, ...credentials], image.layer);
  expect([statuses, JSON.parse(body)]).toEqual([['HTTP/1.1 401'], { error: 'Requires authorization' }]);
});

it('refuses a body that is announced as too large with 413 before it is sent', async () => {
  const lines = ['POST /v1/users/ HTTP/1.1', 'Content-Length: 1000000'];
  expect((await hold(server, lines, '')).statuses).toEqual(['HTTP/1.1 413']);
});

it('refuses a layer for which there is no room with 507 before it is sent', async () => {
  const token = await startUpload(full);
  const { statuses } = await hold(full, [LAYER, LENGTH, `Authorization: ${token}`], image.layer);
  expect(statuses).toEqual(['HTTP/1.1 507']);
});

it('answers a request that needs no body without asking for one', async () => {
  const lines = ['PUT /v1/_ping HTTP/1.1', 'Content-Length: 5'];
  expect((await hold(server, lines, 'hello')).statuses).toEqual(['HTTP/1.1 405']);
});
