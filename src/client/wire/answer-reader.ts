import type { Socket } from 'node:net';

/** The server sent something that is not HTTP/1.1, or more than the caller accepts. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
}

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 64 * 1024;

/** Reads lines and counted bytes from a connection. A broken connection is read as its end; silence is an error. */
export class AnswerReader {
  readonly #source: AsyncIterator<Buffer>;
  #buffered: Buffer = Buffer.alloc(0);
  #isEnded = false;

  constructor(socket: Socket) {
    this.#source = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The next line without its end; undefined if the connection ends first. */
  async line(): Promise<string | undefined> {
    let end = this.#buffered.indexOf(NEWLINE);
    while (end < 0) {
      if (this.#buffered.length > MAX_LINE_BYTES) throw new BadAnswer('a header line that does not end');
      if (!(await this.#more())) return undefined;
      end = this.#buffered.indexOf(NEWLINE);
    }
    const line = this.#take(end + 1);
    return line.toString('latin1').replace(/\r?\n$/, '');
  }

  /** The next `size` bytes; fewer if the connection ends. */
  async bytes(size: number): Promise<Buffer> {
    while (this.#buffered.length < size && (await this.#more()));
    return this.#take(size);
  }

  /** The next available bytes, `most` at most; empty if the connection has ended. */
  async some(most: number): Promise<Buffer> {
    if (this.#buffered.length === 0) await this.#more();
    return this.#take(most);
  }

  #take(size: number): Buffer {
    const bytes = this.#buffered.subarray(0, size);
    this.#buffered = this.#buffered.subarray(bytes.length);
    return bytes;
  }

  async #more(): Promise<boolean> {
    if (this.#isEnded) return false;
    const chunk = await this.#next();
    if (chunk === undefined) this.#isEnded = true;
    else this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    return chunk !== undefined;
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const next = await this.#source.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      if (isReset(error)) return undefined;
      throw error;
    }
  }
}

/** The error of a cut connection differs from one machine to the next. */
export function isReset(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
