import type { Readable } from 'node:stream';
import type { ByteSource } from '../platform/bytes/byte-source';
import type { Handover } from './handover';
import type { ResumableWrites } from './resumable';
import type { StoredBlob } from './stored-blob';

/** A stored object as `list` sees it. */
export interface ListedBlob {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** First and last byte, both included; the caller has clamped them to the size. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Nothing is stored under this key, although a caller expected it. */
export class BlobMissingError extends Error {
  override readonly name = 'BlobMissingError';

  constructor(readonly key: string) {
    super(`no blob is stored under ${key}`);
  }
}

/** What is stored under this key has another length than it was written with. */
export class BlobSizeError extends Error {
  override readonly name = 'BlobSizeError';

  constructor(
    readonly key: string,
    readonly sizeBytes: number,
  ) {
    super(`the blob under ${key} has ${sizeBytes} bytes`);
  }
}

/**
 * Bytes under keys. The order of safety is the caller's: write the bytes, then the row that points to them; delete the
 * row, then the bytes. What nobody points to is swept by the storage feature.
 *
 * Every driver passes `tests/blobs/conformance.ts`.
 */
export interface BlobStore {
  /**
   * Takes in bytes to their end, as a stream in flat memory. When it resolves, they survive a crash of the process and
   * of the machine. When the source throws, the same error comes out and nothing is left behind.
   *
   * @param prefix - of another sum that is computed in the same pass
   * @throws AppError `storage_full` when there is no room for them; nothing is left behind
   */
  write(bytes: AsyncIterable<Buffer>, prefix?: Buffer): Promise<StoredBlob>;

  /** Takes in bytes that arrive in pieces. */
  readonly resumable: ResumableWrites;

  /**
   * Opens stored bytes, whole or a range of them.
   *
   * @param expectedBytes - how long all of it must be
   * @throws BlobMissingError before the first byte, when there is nothing under the key
   * @throws BlobSizeError before the first byte, when the length is not the expected one
   */
  read(key: string, range?: ByteRange, expectedBytes?: number): Promise<Readable>;

  /**
   * Opens stored bytes to send them on: like `read`, but much cheaper, since buffers are reused.
   *
   * @param expectedBytes - how long all of it must be
   * @throws BlobMissingError, BlobSizeError like `read`
   */
  open(key: string, range?: ByteRange, expectedBytes?: number): Promise<ByteSource>;

  /**
   * How a web server in front of us can send the bytes; undefined when only `open` can.
   *
   * @param expectedBytes - how long all of it must be
   * @throws BlobMissingError, BlobSizeError like `read`
   */
  handOver(key: string, expectedBytes: number): Promise<Handover | undefined>;

  /** The stored length in bytes, or undefined when there is nothing under the key. */
  size(key: string): Promise<number | undefined>;

  /** Deletes what is under the key; fine if that is nothing. A read that has begun may end early or finish. */
  delete(key: string): Promise<void>;

  /** Moves bytes where nothing reads, lists or deletes them by their key; fine if there are none. */
  quarantine(key: string): Promise<void>;

  /**
   * Removes what was quarantined.
   *
   * @param before - leaves alone whatever was quarantined later than this
   * @returns how many were removed
   */
  sweepQuarantined(before: Date): Promise<number>;

  /** How many bytes there is still room for; undefined when there is no saying. */
  freeBytes(): Promise<number | undefined>;

  /**
   * Everything that was written completely and is not quarantined, in no particular order. A blob that is written or
   * deleted during the listing may be missing.
   */
  list(): AsyncIterable<ListedBlob>;

  /**
   * Removes what calls of `write` left behind that died with their process, or with their host.
   *
   * @param idleMs - leaves alone whatever had a sign of life since; writers give one every five minutes
   * @returns how many were removed
   */
  sweepUnfinished(idleMs: number): Promise<number>;

  /** Resolves when no write of this process goes on, and nothing is left of those that failed, but for resumable ones. */
  settled(): Promise<void>;

  /** Resolves when the store can take and give bytes right now; otherwise throws the reason. */
  check(): Promise<void>;
}
