import { Readable } from 'node:stream';
import type { ByteSource } from '../../platform/bytes/byte-source';
import { BlobMissingError, BlobSizeError, type ByteRange } from '../blob-store';
import type { Bucket, OpenObject } from './bucket';

/** How often a read is continued in a row without a byte in between. */
const RESUMED = 3;

/** The bytes of an object, which never changes. A connection that breaks is replaced where it ended. */
export class ObjectBytes implements ByteSource {
  private constructor(
    private readonly bucket: Bucket,
    private readonly key: string,
    private readonly last: number,
    private next: number,
    private current: OpenObject | undefined,
    private readonly ended: AbortController,
  ) {}

  /**
   * @throws BlobMissingError, BlobSizeError before the first byte
   */
  static async open(bucket: Bucket, key: string, range?: ByteRange, expectedBytes?: number): Promise<ObjectBytes> {
    const ended = new AbortController();
    const opened = await bucket.open(key, range, ended.signal);
    if (opened === undefined) throw new BlobMissingError(key);
    const { wholeBytes } = opened;
    if (wholeBytes !== (expectedBytes ?? wholeBytes)) {
      opened.body.destroy();
      throw new BlobSizeError(key, wholeBytes);
    }
    return new ObjectBytes(bucket, key, range?.end ?? wholeBytes - 1, range?.start ?? 0, opened, ended);
  }

  async copyTo(take: (piece: Buffer) => Promise<void>): Promise<void> {
    for await (const piece of this.pieces()) await take(piece);
  }

  async close(): Promise<void> {
    this.ended.abort();
    this.current?.body.destroy();
    return Promise.resolve();
  }

  /** All bytes, as a stream. */
  stream(): Readable {
    return Readable.from(this.pieces(), { objectMode: false });
  }

  private async *pieces(): AsyncGenerator<Buffer> {
    let left = RESUMED;
    try {
      while (this.next <= this.last) {
        const from = this.next;
        const body = await this.body();
        try {
          for await (const piece of body as AsyncIterable<Buffer>) {
            this.next += piece.length;
            yield piece;
          }
          if (this.next <= this.last) throw new Error(`${this.key} ended at byte ${this.next} of ${this.last + 1}`);
        } catch (error) {
          left = this.next > from ? RESUMED : left - 1;
          if (left < 0 || this.ended.signal.aborted) throw error;
        }
        this.current = undefined;
      }
    } finally {
      await this.close();
    }
  }

  private async body(): Promise<Readable> {
    this.current ??= await this.bucket.open(this.key, { start: this.next, end: this.last }, this.ended.signal);
    if (this.current === undefined) throw new BlobMissingError(this.key);
    return this.current.body;
  }
}
