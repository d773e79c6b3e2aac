import { setTimeout as sleep } from 'node:timers/promises';
import type { ByteSource } from '../../../src/platform/bytes/byte-source';
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

/** A source of texts that counts how it was used. */
class Pieces implements ByteSource {
  copied = 0;
  closed = 0;

  constructor(private readonly texts: readonly string[]) {}

  async copyTo(take: (piece: Buffer) => Promise<void>): Promise<void> {
    this.copied += 1;
    for (const text of this.texts) await take(Buffer.from(text));
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

describe('send', () => {
  it('sends a text with its length, and the same headers without the text for a HEAD', async () => {
    reply = json(200, 'é');
    const [head, body] = await ask('GET');
    expect([head.split('\r\n')[0], body]).toEqual(['HTTP/1.1 200 OK', Buffer.from('"é"').toString('latin1')]);
    expect(head).toContain('Content-Length: 4');
    const [headOnly, nothing] = await ask('HEAD');
    expect(headOnly).toContain('Content-Length: 4');
    expect(nothing).toBe('');
  });

  it('sends a body in chunks if it must', async () => {
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

  it('sends each value of a list as a line of its own', async () => {
    reply = json(200, '', { 'X-Docker-Endpoints': ['one.test', 'two.test'] });
    const [head] = await ask('GET');
    expect(head).toContain('X-Docker-Endpoints: one.test\r\nX-Docker-Endpoints: two.test');
  });

  it('sends a byte source, and closes it unread for a HEAD', async () => {
    const source = new Pieces(['abc', 'def']);
    const sources = (): Reply => ({ status: 200, headers: { 'Content-Length': 6 }, body: source });
    reply = sources();
    expect((await ask('GET'))[1]).toBe('abcdef');
    reply = sources();
    const [head, body] = await ask('HEAD');
    expect([head.includes('Content-Length: 6'), body]).toEqual([true, '']);
    expect([source.copied, source.closed]).toEqual([1, 1]);
  });

  it('closes the connection when a source fails, and appends nothing (R48)', async () => {
    const body: ByteSource = {
      copyTo: async (take) => {
        await take(Buffer.from('abc'));
        await sleep(20);
        throw new Error('the disk broke');
      },
      close: () => Promise.resolve(),
    };
    reply = { status: 200, headers: { 'Content-Length': 6 }, body };
    expect((await ask('GET'))[1]).toBe('abc');
  });

  it('keeps the connection open after a body from a source', async () => {
    const connection = begin('GET');
    reply = { status: 200, headers: { 'Content-Length': 6 }, body: new Pieces(['abc', 'def']) };
    await connection.until('abcdef');
    reply = json(200, 'next');
    connection.socket.write('GET /next HTTP/1.1\r\nHost: hub.test\r\n\r\n');
    expect(await connection.until('"next"')).toContain('HTTP/1.1 200 ');
    connection.socket.destroy();
  });

  it('notifies a source that its reader disconnected, in the middle of a piece and between two', async () => {
    for (const pauseMs of [0, 20]) {
      const stopped = new Promise<unknown>((resolve) => {
        const body: ByteSource = {
          copyTo: async (take) => {
            try {
              for (;;) {
                await take(Buffer.alloc(1_000_000));
                await sleep(pauseMs);
              }
            } catch (error) {
              resolve(error);
              throw error;
            }
          },
          close: () => Promise.resolve(),
        };
        reply = { status: 200, headers: { 'Content-Length': 1e12 }, body };
      });
      const connection = begin('GET');
      await connection.until('HTTP/1.1 200');
      if (pauseMs === 0) connection.socket.pause();
      await sleep(50);
      connection.socket.destroy();
      expect(await stopped).toMatchObject({ message: 'the client has gone' });
    }
  });

  it('also notifies a source whose answer waits for another one on the same connection', async () => {
    const stopped: unknown[] = [];
    let begun = 0;
    const body: ByteSource = {
      copyTo: async (take) => {
        begun += 1;
        await take(Buffer.alloc(30_000_000)).catch((error: unknown) => stopped.push(error));
        throw new Error('stopped');
      },
      close: () => Promise.resolve(),
    };
    reply = { status: 200, headers: { 'Content-Length': 1e12 }, body };
    const connection = new Connection(server.port);
    connection.socket.pause();
    connection.socket.write('GET /path HTTP/1.1\r\nHost: hub.test\r\n\r\n'.repeat(2)); // at once, or Node waits
    while (begun < 2) await sleep(10);
    connection.socket.destroy();
    while (stopped.length < 2) await sleep(10);
    expect(stopped).toEqual([new Error('the client has gone'), new Error('the client has gone')]);
  });

  it('returns a piece to its source only when the socket has accepted all of it', async () => {
    let isBack = false;
    const body: ByteSource = {
      copyTo: async (take) => {
        await take(Buffer.alloc(30_000_000, 'x')); // more than the kernel buffers for a reader
        isBack = true;
      },
      close: () => Promise.resolve(),
    };
    reply = { status: 200, headers: { 'Content-Length': 30_000_000, Connection: 'close' }, body };
    const connection = begin('GET');
    await connection.until('HTTP/1.1 200');
    connection.socket.pause();
    await sleep(100);
    expect(isBack).toBe(false);
    connection.socket.resume();
    await connection.all();
    expect(isBack).toBe(true);
  });
});

describe('an answer before the end of the request', () => {
  beforeEach(() => {
    reply = json(404, 'no');
  });

  it('arrives while the client is still sending, and the connection can be reused', async () => {
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

  it('reaches a client that does not read until it has sent everything', async () => {
    const size = 30_000_000;
    const connection = begin('PUT', `Content-Length: ${size}\r\nConnection: close\r\n`);
    connection.socket.pause();
    await new Promise((resolve) => connection.socket.write(Buffer.alloc(size), resolve));
    connection.socket.resume();
    expect(await connection.all()).toMatch(/^HTTP\/1.1 404 [^]*"no"$/);
  });

  it('ends the connection of a client that never stops, or never continues (R18)', async () => {
    const connection = begin('PUT', 'Content-Length: 1000\r\n');
    const startedAt = performance.now();
    expect(await connection.all()).toMatch(/^HTTP\/1.1 404 [^]*"no"$/);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
