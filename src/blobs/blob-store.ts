import type { Readable } from 'node:stream';
import type { ByteSource } from '../platform/bytes/byte-source';
import type { Handover } from './handover';
import type { ResumableWrites } from './resumable';
import type { StoredBlob } from './stored-blob';

/** A stored object as `list` returns it. */
export interface ListedBlob {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** The first and last byte, both included; the caller has clamped them to the size. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What is computed while bytes are written, in addition to their digest. */
export interface WantedSums {
  /** of a second hash: of this prefix followed by the bytes */
  readonly prefix?: Buffer;
  /** What the bytes are without compression. It never fails or delays the write: then the result says that it is unknown. */
  readonly unpacked?: boolean;
}

/** Nothing is stored under this key, although a caller expected it. */
export class BlobMissingError extends Error {
  override readonly name = 'BlobMissingError';

  constructor(readonly key: string) {
    super(`no blob is stored under ${key}`);
  }
}

/** The length of the bytes under this key differs from the length that was written. */
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
 * Bytes under keys. The caller is responsible for the safe order: write the bytes, then the row that points to them;
 * delete the row, then the bytes. The storage feature sweeps bytes that no row points to.
 *
 * Every driver passes `tests/blobs/conformance.ts`.
 */
export interface BlobStore {
  /**
   * Stores a stream of bytes with constant memory. When it resolves, they survive a crash of the process and of the
   * machine. When the source throws, this throws the same error and leaves nothing behind.
   *
   * @throws AppError `storage_full` when there is no room for them; nothing is left behind
   */
  write(bytes: AsyncIterable<Buffer>, wanted?: WantedSums): Promise<StoredBlob>;

  /**
   * Stores bytes like `write`, but under the key that another store has them under; replaces what is there. After an
   * error there may be nothing under the key.
   */
  writeAs(key: string, bytes: AsyncIterable<Buffer>): Promise<StoredBlob>;

  /** Takes in bytes that arrive in pieces. */
  readonly resumable: ResumableWrites;

  /**
   * Opens stored bytes, all of them or a range.
   *
   * @param expectedBytes - the length of all the bytes
   * @throws BlobMissingError before the first byte, when nothing is stored under the key
   * @throws BlobSizeError before the first byte, when the length is not the expected one
   */
  read(key: string, range?: ByteRange, expectedBytes?: number): Promise<Readable>;

  /**
   * Opens stored bytes to send them on: like `read`, but much cheaper, since buffers are reused.
   *
   * @param expectedBytes - the length of all the bytes
   * @throws BlobMissingError, BlobSizeError like `read`
   */
  open(key: string, range?: ByteRange, expectedBytes?: number): Promise<ByteSource>;

  /**
   * How a web server in front of us, or the store itself, can send the bytes; undefined when only `open` can.
   *
   * @param expectedBytes - the length of all the bytes
   * @throws BlobMissingError, BlobSizeError like `read`
   */
  handOver(key: string, expectedBytes: number): Promise<Handover | undefined>;

  /** The stored length in bytes, or undefined if nothing is stored under the key. */
  size(key: string): Promise<number | undefined>;

  /**
   * The digest of all bytes under the key, which the store itself compared with them when they were written, and from then
   * on protects; undefined when only reading tells.
   */
  checkedDigest(key: string, sizeBytes: number): Promise<string | undefined>;

  /**
   * Deletes what is under these keys; missing ones are fine. A read that has begun may end early or finish.
   *
   * @throws Error when one of them could not be deleted; others may be gone
   */
  delete(keys: readonly string[]): Promise<void>;

  /**
   * Moves bytes where nothing reads, lists or deletes them by their key; fine if there are none. After a stop half-way it
   * can be repeated: the bytes are under the key, or in quarantine, or both.
   */
  quarantine(key: string): Promise<void>;

  /**
   * Removes quarantined bytes.
   *
   * @param before - keeps everything that was quarantined later than this
   * @returns how many were removed
   */
  sweepQuarantined(before: Date): Promise<number>;

  /** How many bytes there is still room for; undefined if that cannot be known. */
  freeBytes(): Promise<number | undefined>;

  /**
   * Everything that was written completely and is not quarantined, in no particular order. A blob that is written or
   * deleted during the listing may be missing. It costs time and, with some stores, money.
   *
   * @param folder - one of `BLOB_FOLDERS` or `KEY_ROOTS`; undefined: all
   */
  list(folder?: string): AsyncIterable<ListedBlob>;

  /**
   * Whether there is nothing that `list` could ever return. It needs no tables in the database.
   *
   * @param folder - as of `list`
   */
  isEmpty(folder?: string): Promise<boolean>;

  /**
   * The keys of complete blobs to which no row may point, in batches. A store that records what it writes has only those
   * that were never claimed, and lists nothing; another one has all.
   *
   * @param olderThanMs - leaves out what was completed within this time
   */
  unclaimed(olderThanMs: number): AsyncIterable<readonly string[]>;

  /** Tells the store that rows point to these blobs: `unclaimed` need not name them again. */
  claim(keys: readonly string[]): Promise<void>;

  /**
   * Removes what calls of `write` left when their process or host died.
   *
   * @param idleMs - keeps writes that showed activity within this time; writers do so every five minutes
   * @returns how many were removed
   */
  sweepUnfinished(idleMs: number): Promise<number>;

  /** Resolves when no write of this process goes on, and nothing is left of those that failed, but for resumable ones. */
  settled(): Promise<void>;

  /** Resolves when the store can read and write right now; otherwise throws the reason. */
  check(): Promise<void>;
}
