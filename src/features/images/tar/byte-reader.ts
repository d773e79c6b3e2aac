const EMPTY = Buffer.alloc(0);

/** Pulls exact numbers of bytes out of a stream of chunks. Never holds more than the requested bytes plus one chunk. */
export class ByteReader {
  private readonly source: AsyncIterator<Buffer>;
  private buffered: Buffer = EMPTY;

  constructor(bytes: AsyncIterable<Buffer>) {
    this.source = bytes[Symbol.asyncIterator]();
  }

  /** The next `size` bytes without consuming them; fewer only at the end of the stream. */
  async peek(size: number): Promise<Buffer> {
    const parts = [this.buffered];
    let length = this.buffered.length;
    while (length < size) {
      const next = await this.source.next();
      if (next.done === true) break;
      parts.push(next.value);
      length += next.value.length;
    }
    if (parts.length > 1) this.buffered = Buffer.concat(parts);
    return this.buffered.subarray(0, size);
  }

  /** Consumes the next `size` bytes; fewer only at the end of the stream. */
  async read(size: number): Promise<Buffer> {
    const bytes = await this.peek(size);
    this.buffered = this.buffered.subarray(bytes.length);
    return bytes;
  }

  /** Consumes one chunk as it arrived, cut to `maxSize`; undefined at the end, never empty. */
  async chunk(maxSize: number): Promise<Buffer | undefined> {
    while (this.buffered.length === 0) {
      const next = await this.source.next();
      if (next.done === true) return undefined;
      this.buffered = next.value;
    }
    const bytes = this.buffered.subarray(0, maxSize);
    this.buffered = this.buffered.subarray(bytes.length);
    return bytes;
  }

  /** The rest of the stream, chunk by chunk. */
  async *rest(): AsyncGenerator<Buffer, void, undefined> {
    for (let bytes = await this.chunk(Infinity); bytes; bytes = await this.chunk(Infinity)) yield bytes;
  }

  /** Closes the source, so that a reader that stops early does not leave a file open. */
  async close(): Promise<void> {
    await this.source.return?.();
  }
}
