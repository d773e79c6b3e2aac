import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodyChunks, parseJson, readBody } from '../../../src/platform/http/body';
import { json } from '../../../src/platform/http/exchange';
import { Connection, serve } from './listening';

const LIMIT = 1000;

let server: Awaited<ReturnType<typeof serve>>;
/** The result of each body, in the order of the requests. */
const outcomes: Promise<string>[] = [];
beforeAll(async () => {
  server = await serve(async (req: IncomingMessage) => {
    const body = readBody(req, LIMIT);
    outcomes.push(
      body.then(
        (bytes) => `read ${bytes.length}`,
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    return json(200, (await body).length);
  });
});
afterAll(() => server.close());

function begin(framing: string): Connection {
  const connection = new Connection(server.port);
  connection.socket.write(`PUT / HTTP/1.1\r\nHost: hub.test\r\n${framing}\r\n\r\n`);
  return connection;
}

const chunk = (size: number): string => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;

describe('readBody', () => {
  it.each([0, 1, LIMIT])('reads %d bytes with a length', async (size) => {
    const connection = begin(`Content-Length: ${size}`);
    connection.socket.write('x'.repeat(size));
    expect(await connection.until('\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
    expect(await outcomes.at(-1)).toBe(`read ${size}`);
    connection.socket.destroy();
  });

  it('reads as many bytes in chunks', async () => {
    const connection = begin('Transfer-Encoding: chunked');
    connection.socket.write(`${chunk(400)}${chunk(600)}0\r\n\r\n`);
    expect(await connection.until('\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
    connection.socket.destroy();
  });

  it('refuses an announced length above the limit before any byte has arrived', async () => {
    const connection = begin(`Content-Length: ${LIMIT + 1}`);
    expect(await connection.until('"too_large"')).toMatch(/^HTTP\/1.1 400 /);
    connection.socket.destroy();
  });

  it('refuses chunks above the limit while more are coming', async () => {
    const connection = begin('Transfer-Encoding: chunked');
    connection.socket.write(chunk(LIMIT + 1));
    expect(await connection.until('"too_large"')).toMatch(/^HTTP\/1.1 400 /);
    connection.socket.destroy();
  });

  it.each(['Content-Length: 500', 'Transfer-Encoding: chunked'])(
    'notices a client that disconnects (%s)',
    async (framing) => {
      const before = outcomes.length;
      const connection = begin(framing);
      connection.socket.write(framing.startsWith('T') ? chunk(5) : 'hello');
      while (outcomes.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
      connection.socket.resetAndDestroy();
      expect(await outcomes.at(-1)).toBe('invalid');
    },
  );
});

describe('bodyChunks', () => {
  it('does not mistake our own slowness for silence of the client, and notices silence afterwards', async () => {
    let rounds = 0;
    const slow = await serve(
      async (req) => {
        for await (const chunk of bodyChunks(req)) {
          rounds += chunk.length;
          await sleep(1000);
        }
        return json(200, rounds);
      },
      { idleBodyMs: 300 },
    );
    const connection = new Connection(slow.port);
    connection.socket.write('PUT / HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 5\r\n\r\nhello');
    expect(await connection.until('\r\n\r\n5')).toMatch(/^HTTP\/1.1 200 /);
    connection.socket.write('PUT / HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 9\r\n\r\nhell');
    expect((await connection.all()).match(/HTTP\/1.1 /g)).toHaveLength(1);
    expect(rounds).toBe(9);
    await slow.close();
  });
});

describe('parseJson', () => {
  it.each([
    ['"text"', 'text'],
    [' {"a":[1,null]}\r\n', { a: [1, null] }],
    ['false', false],
  ])('reads %s', (text, value) => {
    expect(parseJson(Buffer.from(text))).toEqual({ value });
  });

  it.each([Buffer.alloc(0), Buffer.from('{'), Buffer.from([0x22, 0xff, 0x22]), Buffer.from('undefined')])(
    'returns undefined for %s',
    (bytes) => {
      expect(parseJson(bytes)).toBeUndefined();
    },
  );
});
