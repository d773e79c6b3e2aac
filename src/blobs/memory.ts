import { Readable } from 'node:stream';
import type { ByteSource } from '../platform/bytes/byte-source';
import {
  BlobMissingError,
  BlobSizeError,
  type BlobStore,
  type ByteRange,
  type ListedBlob,
  type WantedSums,
} from './blob-store';
import type { StoredBlob } from './stored-blob';
import { digestsOf, sumsOf, type Sums } from './hashing';
import { keysOlderThan } from './listed-keys';
import { MemoryWrites } from './memory-writes';
import { newBlobKey } from './paths';
import { UnpackingOnArrival } from './unpacking';

/** Keeps blobs in the memory of this process; for tests and trials. */
export class MemoryBlobStore implements BlobStore {
  private readonly blobs = new Map<string, { bytes: Buffer; modifiedAt: Date }>();
  readonly resumable = new MemoryWrites((bytes, sums) => this.keep(bytes, sums));
  private readonly quarantined = new Map<string, { bytes: Buffer; modifiedAt: Date }>();

  async write(bytes: AsyncIterable<Buffer>, { prefix, unpacked: isUnpacked }: WantedSums = {}): Promise<StoredBlob> {
    const chunks: Buffer[] = [];
    for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
    const whole = Buffer.concat(chunks);
    const blob = this.keep(whole, sumsOf(whole, prefix));
    if (isUnpacked !== true) return blob;
    const unpacking = new UnpackingOnArrival();
    await unpacking.take(whole);
    return { ...blob, unpacked: await unpacking.finish(blob.digest) };
  }

  async writeAs(key: string, bytes: AsyncIterable<Buffer>): Promise<StoredBlob> {
    const chunks: Buffer[] = [];
    for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
    const whole = Buffer.concat(chunks);
    return this.keep(whole, sumsOf(whole), key);
  }

  private keep(bytes: Buffer, sums: Sums, key = newBlobKey(sums.sha256Hex)): StoredBlob {
    this.blobs.set(key, { bytes, modifiedAt: new Date() });
    return { ...digestsOf(sums), sizeBytes: bytes.length, key };
  }

  async read(key: string, range?: ByteRange, expectedBytes?: number): Promise<Readable> {
    const bytes = await this.find(key, range, expectedBytes);
    return Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false });
  }

  async open(key: string, range?: ByteRange, expectedBytes?: number): Promise<ByteSource> {
    const bytes = await this.find(key, range, expectedBytes);
    return {
      copyTo: async (take) => {
        if (bytes.length > 0) await take(bytes);
      },
      close: () => Promise.resolve(),
    };
  }

  handOver(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  private find(key: string, range?: ByteRange, expectedBytes?: number): Promise<Buffer> {
    const blob = this.blobs.get(key);
    if (blob === undefined) return Promise.reject(new BlobMissingError(key));
    const { length } = blob.bytes;
    if (length !== (expectedBytes ?? length)) return Promise.reject(new BlobSizeError(key, length));
    return Promise.resolve(range === undefined ? blob.bytes : blob.bytes.subarray(range.start, range.end + 1));
  }

  size(key: string): Promise<number | undefined> {
    return Promise.resolve(this.blobs.get(key)?.bytes.length);
  }

  checkedDigest(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.blobs.delete(key);
    return Promise.resolve();
  }

  quarantine(key: string): Promise<void> {
    const blob = this.blobs.get(key);
    if (blob !== undefined) this.quarantined.set(key, { ...blob, modifiedAt: new Date() });
    return this.delete([key]);
  }

  sweepQuarantined(before: Date): Promise<number> {
    const old = [...this.quarantined].filter(([, { modifiedAt }]) => modifiedAt < before);
    for (const [key] of old) this.quarantined.delete(key);
    return Promise.resolve(old.length);
  }

  freeBytes(): Promise<number | undefined> {
    return Promise.resolve(undefined);
  }

  async *list(folder = ''): AsyncIterable<ListedBlob> {
    for (const [key, { bytes, modifiedAt }] of this.blobs) {
      if (key.startsWith(folder)) yield await Promise.resolve({ key, sizeBytes: bytes.length, modifiedAt });
    }
  }

  isEmpty(folder = ''): Promise<boolean> {
    return Promise.resolve(![...this.blobs.keys()].some((key) => key.startsWith(folder)));
  }

  async *unclaimed(olderThanMs: number): AsyncIterable<readonly string[]> {
    yield* keysOlderThan(this.list(), olderThanMs);
  }

  claim(): Promise<void> {
    return Promise.resolve();
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  sweepUnfinished(): Promise<number> {
    return Promise.resolve(0);
  }

  check(): Promise<void> {
    return Promise.resolve();
  }
}
