import type { StoredBlob } from './stored-blob';

/** A write that was neither committed nor aborted. */
export interface UnfinishedWrite {
  readonly id: string;
  readonly sizeBytes: number;
  /** The time since the last bytes arrived, by the clock of the store. */
  readonly idleMs: number;
}

/** There is no such write: it never began, was committed or aborted, or was idle for too long. */
export class UnknownWriteError extends Error {
  override readonly name = 'UnknownWriteError';

  constructor(readonly id: string) {
    super(`no write ${id} has begun`);
  }
}

/** The piece does not begin where the write ends. */
export class WriteOffsetError extends Error {
  override readonly name = 'WriteOffsetError';

  constructor(
    readonly id: string,
    /** Where the next piece must begin. */
    readonly offset: number,
  ) {
    super(`the next piece of the write ${id} must begin at byte ${offset}`);
  }
}

/** Another caller is appending to the write or committing it, in this process or another. */
export class WriteBusyError extends Error {
  override readonly name = 'WriteBusyError';

  constructor(readonly id: string) {
    super(`the write ${id} is in use by another caller`);
  }
}

/** The write would be larger than the caller allows. */
export class WriteTooLongError extends Error {
  override readonly name = 'WriteTooLongError';

  constructor(
    readonly id: string,
    readonly limitBytes: number,
  ) {
    super(`the write ${id} may have at most ${limitBytes} bytes`);
  }
}

/** The bytes do not have the digest that the caller expects. */
export class WriteDigestError extends Error {
  override readonly name = 'WriteDigestError';

  constructor(
    readonly id: string,
    /** The digest of the bytes that arrived. */
    readonly digest: string,
  ) {
    super(`the write ${id} has the digest ${digest}`);
  }
}

/**
 * Writes that arrive in pieces, over several requests and possibly several processes. Only the store holds their state,
 * so any process that has the id can resume a write after a crash. Nothing is stored under a digest before the commit.
 *
 * One caller at a time appends to a write or commits it; the others get a WriteBusyError. If the process of that caller
 * dies, another process can resume the write some seconds later.
 */
export interface ResumableWrites {
  /** Begins an empty write; resolves to its id, which cannot be guessed. */
  start(): Promise<string>;

  /** How many bytes have arrived, which is where the next piece must begin; undefined if there is no such write. */
  offset(id: string): Promise<number | undefined>;

  /**
   * Appends a piece, in flat memory. When it resolves, the bytes survive a crash of the process. A power failure takes at
   * most the last 32 MiB, and `offset` then says less. If the source throws, the same error is thrown and the bytes that
   * had arrived are kept; after any other error none of the piece is kept.
   *
   * @param offset - where the piece begins; checked before its first byte is read
   * @param limitBytes - the largest size of the whole write; undefined: no limit
   * @returns the new offset
   * @throws UnknownWriteError, WriteOffsetError, WriteBusyError, WriteTooLongError; AppError `storage_full` when there
   *   is no room for them
   */
  append(id: string, offset: number, bytes: AsyncIterable<Buffer>, limitBytes?: number): Promise<number>;

  /**
   * Appends the last piece and commits, as `append` and `commit` do, with less work: the bytes need to be durable only
   * at the end. If the source throws, the bytes that had arrived are kept.
   *
   * @throws what both throw; after a WriteDigestError the piece is kept
   */
  finish(id: string, offset: number, bytes: AsyncIterable<Buffer>, digest: string): Promise<StoredBlob>;

  /**
   * Ends the write: its bytes become a durable blob under a new key, as after `BlobStore.write`.
   *
   * @param digest - the expected digest of all bytes: `sha256:<64 lower hex>` or `sha512:<128 lower hex>`
   * @throws WriteDigestError, and then the write stays as it is; UnknownWriteError, WriteBusyError
   */
  commit(id: string, digest: string): Promise<StoredBlob>;

  /** Removes the write and its bytes; fine if there is no such write. An append that is still running fails at its end. */
  abort(id: string): Promise<void>;

  /** All writes that have begun, in no particular order. A write that begins or ends during the listing may be missing. */
  list(): AsyncIterable<UnfinishedWrite>;

  /**
   * Removes abandoned writes.
   *
   * @param idleMs - time without new bytes after which a write is abandoned
   * @returns how many were removed
   */
  sweep(idleMs: number): Promise<number>;
}
