import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BATCH_BYTES, claimBatch, giveBackBatch } from '../../../src/platform/bytes/batches';
import { bodyChunks } from '../../../src/platform/http/body';
import { json } from '../../../src/platform/http/exchange';
import { Connection, serve } from '../http/listening';

const MEBIBYTE = 1024 * 1024;

/** What a reader saw of one body. */
interface Seen {
  readonly sizes: number[];
  sha256Hex: string;
}

type Read = (bytes: Buffer) => Promise<void> | void;

/** Serves bodies to a reader; resolves to what it saw of the one that `send` sends. */
async function seenOf(read: Read, send: (connection: Connection) => Promise<void>): Promise<Seen> {
  const seen: Seen = { sizes: [], sha256Hex: '' };
  const server = await serve(async (req) => {
    const hash = createHash('sha256');
    for await (const bytes of bodyChunks(req)) {
      seen.sizes.push(bytes.length);
      await read(bytes);
      hash.update(bytes);
    }
    seen.sha256Hex = hash.digest('hex');
    return json(200, 'read');
  });
  const connection = new Connection(server.port);
  await send(connection);
  await connection.until('"read"');
  connection.socket.destroy();
  await server.close();
  return seen;
}

const sha256HexOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function sendChunked(connection: Connection, bytes: Buffer, chunkBytes: number): Promise<void> {
  const { socket } = connection;
  socket.write('PUT / HTTP/1.1\r\nHost: hub.test\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = bytes.subarray(at, at + chunkBytes);
    socket.write(`${chunk.length.toString(16)}\r\n`);
    socket.write(chunk);
    if (!socket.write('\r\n')) await once(socket, 'drain');
  }
  socket.write('0\r\n\r\n');
}

describe('a body while it arrives', () => {
  it.each([
    ['a reader that is as fast as the client', () => undefined],
    ['a reader that is slower', () => sleep(5)],
  ])('comes whole and in few pieces to %s', async (_name, read: Read) => {
    const bytes = randomBytes(6 * MEBIBYTE + 12_345);
    const seen = await seenOf(read, (connection) => sendChunked(connection, bytes, 32 * 1024));
    expect(seen.sha256Hex).toBe(sha256HexOf(bytes));
    expect(Math.max(...seen.sizes)).toBe(BATCH_BYTES);
    expect(seen.sizes.length).toBeLessThan(100); // of 193 chunks
  });

  it('stays as it was in batches that the reader has claimed', async () => {
    const bytes = randomBytes(6 * MEBIBYTE);
    const claimed: Buffer[] = [];
    const read = (piece: Buffer): void => {
      if (claimBatch(piece)) claimed.push(piece);
    };
    const seen = await seenOf(read, (connection) => sendChunked(connection, bytes, 32 * 1024));
    expect(claimed.length).toBeGreaterThan(0);
    let at = 0;
    const starts = seen.sizes.map((size) => (at += size) - size);
    const whole = starts.filter((_, index) => seen.sizes[index] === BATCH_BYTES);
    expect(claimed.map(sha256HexOf)).toEqual(
      whole.map((start) => sha256HexOf(bytes.subarray(start, start + BATCH_BYTES))),
    );
    for (const batch of claimed) giveBackBatch(batch);
  });

  it('comes to the reader while a slow client is still sending', async () => {
    let sizes: readonly number[] = [];
    const seenBefore = await new Promise<number>((resolve, reject) => {
      const read = (bytes: Buffer): void => {
        sizes = [...sizes, bytes.length];
      };
      const send = async ({ socket }: Connection): Promise<void> => {
        socket.write('PUT / HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 10\r\n\r\nhello');
        while (sizes.length === 0) await sleep(5);
        resolve(sizes.length);
        socket.write('world');
      };
      seenOf(read, send).catch(reject);
    });
    expect(seenBefore).toBe(1);
    while (sizes.length === 1) await sleep(5);
    expect(sizes).toEqual([5, 5]);
  });

  it('comes as far as it arrived before its client went away', async () => {
    const pieces: string[] = [];
    let failure: unknown;
    const ended = new Promise<void>((resolve) => {
      void serve(async (req) => {
        try {
          for await (const bytes of bodyChunks(req)) pieces.push(bytes.toString());
        } catch (error) {
          failure = error;
        }
        resolve();
        return json(200, 'read');
      }).then((server) => {
        const { socket } = new Connection(server.port);
        socket.end('PUT / HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 10\r\n\r\nhello');
        void ended.then(() => server.close());
      });
    });
    await ended;
    expect(pieces).toEqual(['hello']);
    expect(failure).toMatchObject({ code: 'invalid' });
  });
});
