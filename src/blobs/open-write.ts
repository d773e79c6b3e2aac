import { open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { algorithmOf } from '../platform/bytes/digest';
import { syncDirectory } from '../platform/files/sync-directory';
import { isNotFound, translateFull } from './file-moves';
import { digestsOf, sha512Of } from './hashing';
import { recallDigest, rememberDigest } from './known-digests';
import { SourceBrokeOff, sumsOfFile, writeInOrder } from './ordered-write';
import { newBlobKey } from './paths';
import { WriteDigestError, WriteOffsetError, WriteTooLongError } from './resumable';
import { forgetSums, type KnownWrite, type RunningWrites } from './running-writes';
import { settle } from './settle';
import type { StoredBlob } from './stored-blob';
import type { Turn } from './write-turns';

/**
 * Pieces are synced when this much has arrived since the last sync: a power failure takes at most that much of an
 * unfinished write. Most layers are smaller, and are synced once, when they are committed.
 */
const UNSYNCED_BYTES = 32 * 1024 * 1024;

/** The commit may follow such a piece at once: the less it has to sync, the sooner it is done. */
const WORTH_STARTING_BYTES = 1024 * 1024;

/**
 * Linux may report an error only once. If this sync has taken it, no later one can vouch for the bytes, so the whole write
 * goes: an append that is going on then finds no write at its end.
 */
async function startSync(file: string): Promise<void> {
  const handle = await open(file, 'r+').catch((error: unknown) => {
    if (isNotFound(error)) return undefined; // it was committed or aborted already
    throw error;
  });
  try {
    await handle?.datasync();
  } catch (error) {
    await rm(path.dirname(file), { recursive: true, force: true });
    throw error;
  } finally {
    await handle?.close();
  }
}

function sha512OfFile(handle: FileHandle): Promise<string> {
  return sha512Of(handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>);
}

/** A write whose bytes have the expected digest, and need not be durable yet. */
export interface VerifiedWrite {
  readonly blob: StoredBlob;
  /** closed at the end of the turn */
  readonly bytes: FileHandle;
  /** resolves when the digest has been written to the folder of the write */
  readonly remembered: Promise<void>;
  /** the syncs of its pieces that began before */
  readonly started: Promise<void>;
}

/** A resumable write during a turn of this process: no other caller works on its bytes. */
export class OpenWrite {
  /**
   * @param root - of the store
   * @param running - what this process knows of its writes
   */
  constructor(
    private readonly root: string,
    private readonly id: string,
    private readonly turn: Turn,
    private readonly handle: FileHandle,
    private readonly running: RunningWrites,
  ) {}

  /** Appends a piece; see `ResumableWrites.append`. */
  async append(offset: number, bytes: AsyncIterable<Buffer>): Promise<number> {
    await this.assertOffset(offset);
    const known = this.take(offset);
    return this.receive(known, offset, bytes, (end) => this.keep(known, offset, end));
  }

  /** Appends the last piece, and verifies the bytes. */
  async finish(offset: number, bytes: AsyncIterable<Buffer>, digest: string): Promise<VerifiedWrite> {
    await this.assertOffset(offset);
    const known = this.take(offset);
    const end = await this.receive(known, offset, bytes, () => Promise.resolve());
    return this.verify(known, end, digest);
  }

  /** Verifies the bytes that have arrived. */
  async complete(digest: string): Promise<VerifiedWrite> {
    const { size } = await this.handle.stat();
    const known = this.take(size);
    const recalled = known.sums === undefined ? await recallDigest(this.turn, size) : undefined;
    return this.verify(known, size, digest, recalled);
  }

  private async assertOffset(offset: number): Promise<void> {
    const { size } = await this.handle.stat();
    if (size !== offset) throw new WriteOffsetError(this.id, size);
  }

  private take(offset: number): KnownWrite {
    return this.running.take(this.id, { number: this.turn.number, offset });
  }

  private async receive(
    known: KnownWrite,
    offset: number,
    bytes: AsyncIterable<Buffer>,
    keep: (end: number) => Promise<void>,
  ): Promise<number> {
    try {
      const end = await writeInOrder(this.handle, offset, bytes, known.sums);
      await keep(end);
      return end;
    } catch (error) {
      const isBrokenOff = error instanceof SourceBrokeOff;
      const reason = isBrokenOff ? error.reason : error;
      if (isBrokenOff && !(reason instanceof WriteTooLongError)) {
        await this.keep(known, offset, error.end);
        throw reason;
      }
      if (known.sums !== undefined) forgetSums(known.sums);
      await this.handle.truncate(offset);
      throw translateFull(reason);
    }
  }

  /** Syncs a piece if it is time to, and keeps what is known of the bytes so far. */
  private async keep({ sums, ...before }: KnownWrite, from: number, offset: number): Promise<void> {
    const isSynced = offset - before.syncedEnd >= UNSYNCED_BYTES;
    if (isSynced) await settle([this.handle.datasync(), this.syncNames()]);
    const isWorthStarting = !isSynced && offset - from >= WORTH_STARTING_BYTES;
    const started = settle([before.started, isWorthStarting ? startSync(this.turn.file) : undefined]);
    started.catch(() => undefined); // awaited by a commit in this process
    if (sums === undefined) return;
    const { turn } = this;
    const peeked = sums.peek();
    const remembered = before.remembered
      .then(() => peeked)
      .then(({ sha256Hex }) => rememberDigest(turn, { offset, isSynced }, sha256Hex))
      .catch(() => undefined);
    this.running.keep(this.id, {
      number: turn.number,
      offset,
      sums,
      syncedEnd: isSynced ? offset : before.syncedEnd,
      remembered,
      started,
    });
  }

  /** Makes the names of the bytes and of their folders survive a power failure. */
  private async syncNames(): Promise<void> {
    const folder = path.dirname(this.turn.file);
    const synced = [folder, path.dirname(folder), this.root].map((directory) => syncDirectory(directory));
    await Promise.all(synced).catch((error: unknown) => {
      if (!isNotFound(error)) throw error; // otherwise the write was aborted, as the end of the turn shows
    });
  }

  private async sumOf({ sums }: KnownWrite): Promise<string> {
    return (await (sums === undefined ? sumsOfFile(this.handle) : sums.end())).sha256Hex;
  }

  /** The blob gets the age of its commit. That needs no sync: the age counts only until a row points to the blob. */
  private async verify(
    known: KnownWrite,
    sizeBytes: number,
    digest: string,
    recalled?: string,
  ): Promise<VerifiedWrite> {
    const now = new Date();
    const touched = this.handle.utimes(now, now);
    touched.catch(() => undefined); // awaited below
    const sha256Hex = recalled ?? (await this.sumOf(known));
    const found = digestsOf({ sha256Hex, prefixedSha256Hex: sha256Hex });
    const sha512 = algorithmOf(digest) === 'sha512' ? await sha512OfFile(this.handle) : undefined;
    const actual = sha512 ?? found.digest;
    if (actual !== digest) throw new WriteDigestError(this.id, actual);
    await touched;
    const added = sha512 === undefined ? {} : { sha512 };
    const blob = { ...found, ...added, sizeBytes, key: newBlobKey(sha256Hex) };
    return { blob, bytes: this.handle, remembered: known.remembered, started: known.started };
  }
}
