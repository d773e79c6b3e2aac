import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { filesBelow } from '../helpers/damage';
import {
  createImage,
  payloadOf,
  pushImages,
  startPull,
  startPush,
  uploadImage,
  type TestImage,
} from '../helpers/images';
import { addManyTags } from '../helpers/many-tags';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';
import { waitUntil } from '../helpers/wait-until';
import { Connection } from '../platform/http/listening';

/*
 * Clients that hold connections open with almost no traffic. All of them are disconnected, but a layer that keeps
 * arriving or leaving slowly may take as long as it takes.
 */

const TIMEOUTS = { headersMs: 1000, headersCheckMs: 100, smallBodyMs: 1000, idleBodyMs: 1500, idleAnswerMs: 1500 };
const LONGER_MS = 4000;
const DRIBBLE_MS = 50;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ timeouts: TIMEOUTS });
  await addUser(server, 'alice');
});
afterAll(() => server.close());

const open: Connection[] = [];
afterEach(() => open.splice(0).forEach(({ socket }) => socket.destroy()));

function connect(...lines: string[]): Connection {
  const connection = new Connection(server.port);
  open.push(connection);
  connection.socket.write(lines.map((line) => `${line}\r\n`).join(''));
  return connection;
}

/** Sends a byte now and then until it is stopped, or the other side has ended. */
function dribble({ socket }: Connection, byte: string): () => void {
  const timer = setInterval(() => socket.write(byte), DRIBBLE_MS);
  socket.once('close', () => clearInterval(timer));
  return () => clearInterval(timer);
}

function put(path: string, authorization: string, ...headers: string[]): Connection {
  return connect(`PUT ${path} HTTP/1.1`, 'Host: hub.test', `Authorization: ${authorization}`, ...headers, '');
}

/** Resolves when the server has closed every connection. */
async function untilNobodyIsConnected(): Promise<void> {
  const count = (): Promise<number> =>
    new Promise((resolve, reject) => server.server.getConnections((error, n) => (error ? reject(error) : resolve(n))));
  await waitUntil('the end of all connections', async () => (await count()) === 0);
}

describe('a client that is slow to send', () => {
  it('the head of a request gets a 408', async () => {
    const connection = connect('GET /v1/_ping HTTP/1.1', 'Host: hub.test');
    connection.socket.write('X-Slow: ');
    dribble(connection, 'x');
    const answer = await connection.all();
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toMatch(/\r\n\r\n\{"error":"Request Timeout"\}$/);
  });

  it('its first byte is disconnected', async () => {
    expect(await connect().all()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('the head of a second request on the same connection is disconnected', async () => {
    const connection = connect('GET /v1/_ping HTTP/1.1', 'Host: hub.test', '');
    await connection.until('\r\n\r\ntrue');
    connection.socket.write('GET /v1/_ping HTTP/1.1\r\nX-Slow: ');
    dribble(connection, 'x');
    expect((await connection.all()).match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });

  it.each(['Content-Length: 100000', 'Transfer-Encoding: chunked'])('a small body (%s) is cut off', async (framing) => {
    const connection = put('/v1/repositories/alice/slow/', basic('alice'), framing);
    dribble(connection, framing.startsWith('T') ? '1\r\n \r\n' : ' ');
    expect(await connection.all()).not.toContain('HTTP/1.1 200');
    await request(server.server).get('/v1/repositories/alice/slow/tags').expect(404);
  });
});

describe('a layer', () => {
  let image: TestImage;
  let token: string;
  beforeEach(async () => {
    const layer = randomBytes(LONGER_MS / DRIBBLE_MS);
    image = createImage({ layer });
    token = await startPush(server, 'alice/app', [image]);
    await request(server.server)
      .put(`/v1/images/${image.id}/json`)
      .set('Authorization', token)
      .type('application/json')
      .send(image.json.toString())
      .expect(200);
  });

  it('whose client stops sending is cut off, leaves nothing behind, and can be sent again', async () => {
    const connection = put(`/v1/images/${image.id}/layer`, token, 'Transfer-Encoding: chunked');
    connection.socket.write('5\r\nhello\r\n');
    expect(await connection.all()).not.toContain('HTTP/1.1 200');
    await waitUntil(
      'the removal of the partial file',
      async () => (await filesBelow(server.blobDir, 'uploads')).length === 0,
    );
    await uploadImage(server, token, image);
  });

  it('that arrives byte by byte for longer than any limit succeeds, and the connection stays open', async () => {
    const connection = put(`/v1/images/${image.id}/layer`, token, 'Transfer-Encoding: chunked');
    for (const byte of image.layer) {
      connection.socket.write(Buffer.from([0x31, 0x0d, 0x0a, byte, 0x0d, 0x0a]));
      await sleep(DRIBBLE_MS);
    }
    connection.socket.write('0\r\n\r\n');
    expect(await connection.until('\r\n\r\ntrue')).toMatch(/^HTTP\/1\.1 200 /);
    await request(server.server)
      .put(`/v1/images/${image.id}/checksum`)
      .set('Authorization', token)
      .set('X-Docker-Checksum-Payload', payloadOf(image.json, image.layer))
      .expect(200);

    await sleep(TIMEOUTS.idleBodyMs + 500);
    connection.socket.write('GET /v1/search?q=app HTTP/1.1\r\nHost: hub.test\r\n\r\n');
    expect(await connection.until('"num_results"')).toContain('HTTP/1.1 200');
  });
});

describe('a client that', () => {
  const image = createImage({ layer: randomBytes(24 * 1024 * 1024) });
  let token: string;
  beforeAll(async () => {
    await pushImages(server, 'alice/big', [image]);
    const tags = { count: 99_999, nameSql: "lpad(n::text, 100, 'v')", imageId: image.id };
    await addManyTags(server.ctx.db, 'big', tags);
    token = await startPull(server, 'alice/big');
  });

  it.each([
    ['layer', () => `/v1/images/${image.id}/layer`],
    ['list of 100,000 tags', () => '/v1/repositories/alice/big/tags'],
  ])('asks for a %s and reads nothing is disconnected', async (_what, path) => {
    await untilNobodyIsConnected();
    const connection = connect(`GET ${path()} HTTP/1.1`, 'Host: hub.test', `Authorization: ${token}`, '');
    connection.socket.pause();
    const [, res] = (await once(server.server, 'request')) as [IncomingMessage, ServerResponse];
    expect(res.writableEnded).toBe(false);
    // A connection whose answer was taken would stay for a minute.
    await untilNobodyIsConnected();
    expect(res.statusCode).toBe(200);
  });

  it('reads a layer slowly for longer than any limit gets all of it', async () => {
    const connection = connect(
      `GET /v1/images/${image.id}/layer HTTP/1.1`,
      'Host: hub.test',
      `Authorization: ${token}`,
      'Connection: close',
      '',
    );
    const { socket } = connection;
    const startedAt = Date.now();
    socket.on('data', () => {
      socket.pause();
      setTimeout(() => socket.resume(), 8);
    });
    const answer = await connection.all();
    expect(Date.now() - startedAt).toBeGreaterThan(TIMEOUTS.idleAnswerMs);
    const body = Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1');
    expect(body.equals(image.layer)).toBe(true);
  });
});
