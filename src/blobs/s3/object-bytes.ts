import { Readable } from 'node:stream';
import type { ByteSource } from '../../platform/bytes/byte-source';
import { countReceived } from '../../platform/bytes/young-garbage';
import { AppError } from '../../platform/errors';
import { BlobMissingError, BlobSizeError, type ByteRange } from '../blob-store';
import type { Bucket } from './bucket';
import { translateOutage } from './errors';
import type { OpenObject } from './objects';

/** How often a read is continued in a row without a byte in between. */
const RESUMED = 3;

/** The bytes of an object, which never changes. A connection that breaks is replaced where it ended. */
export class ObjectBytes implements ByteSource {
  private readonly etag: string | undefined;

  private constructor(
    private readonly bucket: Bucket,
    private readonly key: string,
    private readonly last: number,
    private next: number,
    private current: OpenObject | undefined,
    private readonly ended: AbortController,
  ) {
    this.etag = current?.etag;
  }

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

  async copyTo(take: (piece: Buffer) => Promise<void>, gone?: AbortSignal): Promise<void> {
    const end = (): void => void this.close();
    gone?.addEventListener('abort', end);
    try {
      for await (const piece of this.pieces()) await take(piece);
    } finally {
      gone?.removeEventListener('abort', end);
    }
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
            countReceived(piece.length);
            yield piece;
          }
          if (this.next <= this.last) throw new AppError('unavailable', `${this.key} ended at byte ${this.next}`);
        } catch (error) {
          left = this.next > from ? RESUMED : left - 1;
          if (left < 0 || this.ended.signal.aborted) throw translateOutage(error);
        }
        this.current = undefined;
      }
    } finally {
      await this.close();
    }
  }

  private async body(): Promise<Readable> {
    const rest = { start: this.next, end: this.last };
    this.current ??= await this.bucket.open(this.key, rest, this.ended.signal, this.etag);
    if (this.current === undefined) throw new BlobMissingError(this.key);
    return this.current.body;
  }
}
