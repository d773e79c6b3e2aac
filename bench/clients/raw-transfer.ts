/*
 * Sends and receives large bodies with as little work as possible on our side: client and servers share the machine,
 * and the cost of the client would hide the differences between them.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const READ_BYTES = 1024 * 1024;
const WRITE_BYTES = 1024 * 1024;
/** What an engine's copy loop sends as one chunk. */
const CHUNK_BYTES = 32 * 1024;
const TIMEOUT_MS = 120_000;

export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

function headOf({ method, url, headers }: RawRequest): string {
  const { host, pathname, search } = new URL(url);
  const lines = Object.entries({ Host: host, Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Frames bytes as an engine's chunked body. */
export function chunked(bytes: Buffer): Buffer {
  const parts: (Buffer | string)[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const chunk = bytes.subarray(at, at + CHUNK_BYTES);
    parts.push(`${chunk.length.toString(16)}\r\n`, chunk, '\r\n');
  }
  return Buffer.concat([...parts, '0\r\n\r\n'].map((part) => Buffer.from(part as string)));
}

async function writeAll(socket: Socket, bytes: Buffer, bytesPerSecond: number): Promise<void> {
  const startedAt = performance.now();
  for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
    const aheadMs = (at / bytesPerSecond) * 1000 - (performance.now() - startedAt);
    if (aheadMs > 1) await sleep(aheadMs);
    if (!socket.write(bytes.subarray(at, at + WRITE_BYTES))) await once(socket, 'drain');
  }
}

/** Sends a request whose body is framed already, and resolves to the head of the answer. */
export async function upload(
  request: RawRequest,
  body: Buffer,
  expectedStatus: number,
  bytesPerSecond = Infinity,
): Promise<string> {
  const { hostname, port } = new URL(request.url);
  const socket = connect(Number(port), hostname).setNoDelay(true);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`${request.url} took too long`)));
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  const ended = once(socket, 'end');
  ended.catch(() => undefined);
  socket.write(headOf(request));
  await writeAll(socket, body, bytesPerSecond);
  await ended;
  socket.destroy();
  if (!answer.startsWith(`HTTP/1.1 ${expectedStatus} `)) throw new Error(`${request.url} answered ${answer}`);
  return answer.slice(0, answer.indexOf('\r\n\r\n'));
}

/** Downloads a body, throws it away and resolves to its length in bytes. */
export function drainDownload(request: RawRequest): Promise<number> {
  const { hostname, port } = new URL(request.url);
  return new Promise((resolve, reject) => {
    let received = 0;
    let expected = Number.POSITIVE_INFINITY;
    let bodyBytes = 0;
    const take = (bytesRead: number, buffer: Uint8Array): boolean => {
      if (received === 0) {
        const text = Buffer.from(buffer.buffer, buffer.byteOffset, bytesRead).toString('latin1');
        const headBytes = text.indexOf('\r\n\r\n') + 4;
        bodyBytes = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
        if (!text.startsWith('HTTP/1.1 200') || !(bodyBytes > 0)) {
          socket.destroy(new Error(`${request.url} answered ${text.slice(0, headBytes)}`));
          return false;
        }
        expected = headBytes + bodyBytes;
      }
      received += bytesRead;
      if (received >= expected) {
        socket.end(); // not destroy: the server would see a client that disconnects early
        resolve(bodyBytes);
      }
      return true;
    };
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: take },
    });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`${request.url} took too long`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${request.url} ended after ${received} bytes`)));
    socket.write(headOf(request));
  });
}
