import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { empty, json, jsonText, type Reply } from '../../../src/platform/http/exchange';
import { Connection, serve } from './listening';

let reply: Reply;
let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  server = await serve(() => reply);
});
afterAll(() => server.close());

function begin(method: string, headers = ''): Connection {
  const connection = new Connection(server.port);
  connection.socket.write(`${method} /path HTTP/1.1\r\nHost: hub.test\r\n${headers}\r\n`);
  return connection;
}

/** The answer to one request on a connection of its own: head and body. */
async function ask(method: string): Promise<[head: string, body: string]> {
  const text = await begin(method, 'Connection: close\r\n').all();
  const end = text.indexOf('\r\n\r\n');
  return [text.slice(0, end), text.slice(end + 4)];
}

describe('send', () => {
  it('gives a text its length, and a HEAD the same without the text', async () => {
    reply = json(200, 'é');
    const [head, body] = await ask('GET');
    expect([head.split('\r\n')[0], body]).toEqual(['HTTP/1.1 200 OK', Buffer.from('"é"').toString('latin1')]);
    expect(head).toContain('Content-Length: 4');
    const [headOnly, nothing] = await ask('HEAD');
    expect(headOnly).toContain('Content-Length: 4');
    expect(nothing).toBe('');
  });

  it('sends chunked what must be', async () => {
    reply = { ...jsonText(200, '"OK"'), isChunked: true };
    const [head, body] = await ask('GET');
    expect(head).toContain('Transfer-Encoding: chunked');
    expect(head).not.toContain('Content-Length');
    expect(body).toBe('4\r\n"OK"\r\n0\r\n\r\n');
  });

  it.each([
    [204, undefined],
    [304, undefined],
    [416, 'Content-Length: 0'],
    [200, 'Content-Length: 0'],
  ])('sends %d without a body', async (status, length) => {
    reply = empty(status);
    const [head, body] = await ask('GET');
    expect([head.split(' ')[1], body]).toEqual([String(status), '']);
    expect(head.split('\r\n').find((line) => line.startsWith('Content-Length'))).toBe(length);
  });

  it('sends each value of a list as a line', async () => {
    reply = json(200, '', { 'X-Docker-Endpoints': ['one.test', 'two.test'] });
    const [head] = await ask('GET');
    expect(head).toContain('X-Docker-Endpoints: one.test\r\nX-Docker-Endpoints: two.test');
  });

  it('sends a stream, and closes it unread for a HEAD', async () => {
    const stream = (): Reply => ({
      status: 200,
      headers: { 'Content-Length': 6 },
      body: Readable.from(['abc', 'def']),
    });
    reply = stream();
    expect((await ask('GET'))[1]).toBe('abcdef');
    reply = stream();
    const [head, body] = await ask('HEAD');
    expect([head.includes('Content-Length: 6'), body]).toEqual([true, '']);
    expect((reply.body as Readable).destroyed).toBe(true);
  });

  it('breaks the connection when a stream breaks, and appends nothing', async () => {
    const failing = async function* (): AsyncGenerator<string> {
      yield 'abc';
      await sleep(20);
      throw new Error('the disk broke');
    };
    reply = { status: 200, headers: { 'Content-Length': 6 }, body: Readable.from(failing(), { objectMode: false }) };
    expect((await ask('GET'))[1]).toBe('abc');
  });

  it('closes a stream whose reader has gone', async () => {
    const body = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    reply = { status: 200, headers: {}, body };
    const connection = begin('GET');
    await connection.until('HTTP/1.1 200');
    const closed = new Promise((resolve) => body.once('close', resolve));
    connection.socket.destroy();
    await closed;
    expect(body.destroyed).toBe(true);
  });
});

describe('an answer before the end of the request', () => {
  beforeEach(() => {
    reply = json(404, 'no');
  });

  it('arrives while the client is still sending, and the connection can be used again', async () => {
    const size = 8_000_000;
    const connection = begin('PUT', `Content-Length: ${size}\r\n`);
    connection.socket.write('x'.repeat(1000));
    expect(await connection.until('"no"')).toMatch(/^HTTP\/1.1 404 /);
    connection.socket.write('x'.repeat(size - 1000));
    reply = json(200, 'next');
    connection.socket.write('GET /next HTTP/1.1\r\nHost: hub.test\r\n\r\n');
    expect(await connection.until('"next"')).toContain('HTTP/1.1 200 ');
    connection.socket.destroy();
  });

  it('reaches a client that reads only when it has sent everything', async () => {
    const size = 30_000_000;
    const connection = begin('PUT', `Content-Length: ${size}\r\nConnection: close\r\n`);
    connection.socket.pause();
    await new Promise((resolve) => connection.socket.write(Buffer.alloc(size), resolve));
    connection.socket.resume();
    expect(await connection.all()).toMatch(/^HTTP\/1.1 404 [^]*"no"$/);
  });

  it('ends the connection of a client that never stops, or never goes on', async () => {
    const connection = begin('PUT', 'Content-Length: 1000\r\n');
    const startedAt = performance.now();
    expect(await connection.all()).toMatch(/^HTTP\/1.1 404 [^]*"no"$/);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
