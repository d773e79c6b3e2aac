import type { Readable } from 'node:stream';
import type { ByteSource } from '../platform/bytes/byte-source';
import { BlobMissingError, type BlobStore, type ByteRange, type ListedBlob, type WantedSums } from './blob-store';
import type { Handover } from './handover';
import type { StoredBlob } from './stored-blob';
import { TwoResumables } from './two-resumables';

/**
 * A store that is being moved: bytes are written to the current place, and those that are missing there are read from the
 * other one. A blob has the same key in both, so that what is deleted by its key is gone from both.
 */
export class TwoPlaces implements BlobStore {
  readonly resumable: TwoResumables;

  constructor(
    private readonly current: BlobStore,
    private readonly other: BlobStore,
  ) {
    this.resumable = new TwoResumables(current, other);
  }

  async write(bytes: AsyncIterable<Buffer>, wanted?: WantedSums): Promise<StoredBlob> {
    return this.current.write(bytes, wanted);
  }

  async writeAs(key: string, bytes: AsyncIterable<Buffer>): Promise<StoredBlob> {
    return this.current.writeAs(key, bytes);
  }

  async read(key: string, range?: ByteRange, expectedBytes?: number): Promise<Readable> {
    return this.inEither((store) => store.read(key, range, expectedBytes));
  }

  async open(key: string, range?: ByteRange, expectedBytes?: number): Promise<ByteSource> {
    return this.inEither((store) => store.open(key, range, expectedBytes));
  }

  /** Only of the current place: the web server in front of us need not know the other one. */
  async handOver(key: string, expectedBytes: number): Promise<Handover | undefined> {
    try {
      return await this.current.handOver(key, expectedBytes);
    } catch (error) {
      if (error instanceof BlobMissingError) return undefined;
      throw error;
    }
  }

  async size(key: string): Promise<number | undefined> {
    return (await this.current.size(key)) ?? this.other.size(key);
  }

  /** While blobs move, their bytes are read. */
  checkedDigest(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.current.delete(keys);
    await this.other.delete(keys);
  }

  /** What is read is set aside. If the other place has whole bytes under the key, the next scrub finds them. */
  async quarantine(key: string): Promise<void> {
    const store = (await this.current.size(key)) === undefined ? this.other : this.current;
    await store.quarantine(key);
  }

  async sweepQuarantined(before: Date): Promise<number> {
    return (await this.current.sweepQuarantined(before)) + (await this.other.sweepQuarantined(before));
  }

  async freeBytes(): Promise<number | undefined> {
    return this.current.freeBytes();
  }

  /** A blob that is in both is listed twice. */
  async *list(folder?: string): AsyncIterable<ListedBlob> {
    yield* this.current.list(folder);
    yield* this.other.list(folder);
  }

  async isEmpty(folder?: string): Promise<boolean> {
    return (await this.current.isEmpty(folder)) && (await this.other.isEmpty(folder));
  }

  async *unclaimed(olderThanMs: number): AsyncIterable<readonly string[]> {
    yield* this.current.unclaimed(olderThanMs);
    yield* this.other.unclaimed(olderThanMs);
  }

  async claim(keys: readonly string[]): Promise<void> {
    await Promise.all([this.current.claim(keys), this.other.claim(keys)]);
  }

  async sweepUnfinished(idleMs: number): Promise<number> {
    return (await this.current.sweepUnfinished(idleMs)) + (await this.other.sweepUnfinished(idleMs));
  }

  async settled(): Promise<void> {
    await Promise.all([this.current.settled(), this.other.settled()]);
  }

  async check(): Promise<void> {
    await Promise.all([this.current.check(), this.other.check()]);
  }

  private async inEither<T>(use: (store: BlobStore) => Promise<T>): Promise<T> {
    try {
      return await use(this.current);
    } catch (error) {
      if (!(error instanceof BlobMissingError)) throw error;
      return use(this.other);
    }
  }
}
