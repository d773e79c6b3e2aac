import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { valuesOf, type Header, type RecordedRequest } from './parse-trace';

/*
 * HTTP/1.1 over a bare socket. An engine's request is sent as it was recorded, byte for byte, which no HTTP library
 * would do, and an answer with wrong framing is an error here, where a library might tolerate it.
 */

export type RawRequest = Pick<RecordedRequest, 'method' | 'target' | 'headers' | 'body' | 'chunkSizes'>;

export interface RawAnswer {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

const CRLF = '\r\n';
const SILENCE_MS = 10_000;

/** One TCP connection of an engine. */
export class RawConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isEnded = false;
  #wake = (): void => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('the server fell silent')));
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake();
    });
    const ended = (): void => {
      this.#isEnded = true;
      this.#wake();
    };
    socket.on('end', ended).on('error', ended).on('close', ended);
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** A request may be sent: the server keeps the connection open, and said no more than it had to. */
  get isReady(): boolean {
    if (this.#received.length > 0) throw new Error(`bytes behind the answer: ${this.#received.toString('latin1')}`);
    return !this.#isEnded;
  }

  async write(bytes: Buffer | string): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf(CRLF);
      if (end >= 0) return (await this.bytes(end + CRLF.length)).toString('latin1', 0, end);
      await this.#more();
    }
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#received.length < count) await this.#more();
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return bytes;
  }

  /** The server closes, without another byte. */
  async end(): Promise<void> {
    while (!this.#isEnded) await this.#news();
    if (this.#received.length > 0) throw new Error(`bytes behind the answer: ${this.#received.toString('latin1')}`);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #more(): Promise<void> {
    if (this.#isEnded) throw new Error(`cut off after ${JSON.stringify(this.#received.toString('latin1'))}`);
    await this.#news();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

async function sendRequest(connection: RawConnection, request: RawRequest): Promise<void> {
  const { method, target, headers, body, chunkSizes } = request;
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''];
  await connection.write(lines.join(CRLF));
  if (chunkSizes === undefined) {
    if (body.length > 0) await connection.write(body);
    return;
  }
  let sent = 0;
  for (const size of chunkSizes) {
    const chunk = body.subarray(sent, sent + size);
    await connection.write(Buffer.concat([Buffer.from(size.toString(16) + CRLF), chunk, Buffer.from(CRLF)]));
    sent += size;
  }
  await connection.write(`0${CRLF}${CRLF}`);
}

async function readHeaders(connection: RawConnection): Promise<Header[]> {
  const headers: Header[] = [];
  for (;;) {
    const line = await connection.line();
    if (line === '') return headers;
    const header = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (header === null) throw new Error(`not a header: ${line}`);
    headers.push([header[1] ?? '', header[2] ?? '']);
  }
}

async function readChunked(connection: RawConnection): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (;;) {
    const sizeLine = await connection.line();
    if (!/^[0-9a-fA-F]+$/.test(sizeLine)) throw new Error(`not a chunk's size: ${sizeLine}`);
    const chunk = await connection.bytes(parseInt(sizeLine, 16));
    if ((await connection.line()) !== '') throw new Error('a chunk is longer than its size says');
    if (chunk.length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
  }
}

async function readBody(connection: RawConnection, method: string, answer: Omit<RawAnswer, 'body'>): Promise<Buffer> {
  const lengths = valuesOf(answer.headers, 'Content-Length');
  const codings = valuesOf(answer.headers, 'Transfer-Encoding');
  if (answer.status === 204 && lengths.length + codings.length > 0) throw new Error('a 204 speaks of a body');
  if (answer.status === 204 || answer.status === 304) return Buffer.alloc(0);
  if (lengths.length + codings.length !== 1) throw new Error('the body must be framed in exactly one way');
  const [length] = lengths;
  if (length !== undefined && !/^\d+$/.test(length)) throw new Error(`not a length: ${length}`);
  if (length === undefined && codings[0] !== 'chunked') throw new Error(`unknown coding: ${codings.join()}`);
  if (method === 'HEAD') return Buffer.alloc(0);
  return length === undefined ? readChunked(connection) : connection.bytes(Number(length));
}

/** Sends one request and reads its answer; a connection that either side wants closed must then be closed. */
export async function exchange(connection: RawConnection, request: RawRequest): Promise<RawAnswer> {
  await sendRequest(connection, request);
  const statusLine = await connection.line();
  const status = Number(/^HTTP\/1\.1 ([2-5]\d\d) [ -~]*$/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`not the status of an answer: ${statusLine}`);
  const head = { status, headers: await readHeaders(connection) };
  const body = await readBody(connection, request.method, head);
  const [wanted] = valuesOf(request.headers, 'Connection');
  const [given] = valuesOf(head.headers, 'Connection');
  if (wanted === 'close' && given !== 'close') throw new Error(`asked to close, the server says ${String(given)}`);
  if (given === 'close') await connection.end();
  return { ...head, body };
}
