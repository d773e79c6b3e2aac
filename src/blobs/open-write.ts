import type { FileHandle } from 'node:fs/promises';
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
import type { StoredBlob } from './stored-blob';
import type { Turn } from './write-turns';

function sha512OfFile(handle: FileHandle): Promise<string> {
  return sha512Of(handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>);
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

  /** Appends a durable piece; see `ResumableWrites.append`. */
  async append(offset: number, bytes: AsyncIterable<Buffer>): Promise<number> {
    await this.assertOffset(offset);
    const known = this.take(offset);
    // A write begins without a sync, because its first piece needs one anyway; this one runs while the piece arrives.
    const named = known.isSynced ? Promise.resolve() : this.syncNames();
    named.catch(() => undefined); // awaited when the piece is settled
    return this.receive(known, offset, bytes, (end) => this.settle(known, end, named));
  }

  /** Appends the last piece, and verifies and syncs the bytes. */
  async finish(offset: number, bytes: AsyncIterable<Buffer>, digest: string): Promise<StoredBlob> {
    await this.assertOffset(offset);
    const known = this.take(offset);
    const end = await this.receive(known, offset, bytes, () => this.handle.datasync());
    return this.verify(await this.sumOf(known), end, digest);
  }

  /** Verifies the bytes that have arrived, and syncs those that are not. */
  async complete(digest: string): Promise<StoredBlob> {
    const { size } = await this.handle.stat();
    const known = this.take(size);
    const recalled = known.sums === undefined ? await recallDigest(this.turn, size) : undefined;
    if (!known.isSynced && recalled === undefined) await this.handle.datasync();
    return this.verify(recalled ?? (await this.sumOf(known)), size, digest);
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
    sync: (end: number) => Promise<void>,
  ): Promise<number> {
    try {
      const end = await writeInOrder(this.handle, offset, bytes, known.sums);
      await sync(end);
      return end;
    } catch (error) {
      const isBrokenOff = error instanceof SourceBrokeOff;
      const reason = isBrokenOff ? error.reason : error;
      if (isBrokenOff && !(reason instanceof WriteTooLongError)) {
        await this.settle(known, error.end, this.syncNames());
        throw reason;
      }
      if (known.sums !== undefined) forgetSums(known.sums);
      await this.handle.truncate(offset);
      throw translateFull(reason);
    }
  }

  /** @param named - when the names are durable */
  private async settle({ sums }: KnownWrite, offset: number, named: Promise<void>): Promise<void> {
    await Promise.all([this.handle.datasync(), named]);
    if (sums === undefined) return;
    const { turn } = this;
    await sums.peek().then(
      ({ sha256Hex }) => rememberDigest(turn, offset, sha256Hex),
      () => undefined,
    );
    this.running.keep(this.id, { number: turn.number, offset, sums });
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
  private async verify(sha256Hex: string, sizeBytes: number, digest: string): Promise<StoredBlob> {
    const found = digestsOf({ sha256Hex, prefixedSha256Hex: sha256Hex });
    const sha512 = algorithmOf(digest) === 'sha512' ? await sha512OfFile(this.handle) : undefined;
    const actual = sha512 ?? found.digest;
    if (actual !== digest) throw new WriteDigestError(this.id, actual);
    const now = new Date();
    await this.handle.utimes(now, now);
    const added = sha512 === undefined ? {} : { sha512 };
    return { ...found, ...added, sizeBytes, key: newBlobKey(sha256Hex) };
  }
}
