import type { FileHandle } from 'node:fs/promises';
import { BATCH_BYTES, claimBatch, giveBackBatch, takeBatch } from '../platform/bytes/batches';
import { settle } from './settle';
import type { SumsOfPieces } from './sums-of-pieces';

/**
 * The number of batches of one upload that are in progress in addition to the one being filled; more would only use
 * memory.
 */
const UNDER_WAY = 2;

/**
 * The disk starts early, so that less is left for the last sync: for 256 MiB it then takes 10 ms instead of 80, for 8 MiB
 * half of its 20 ms. Each sync has a price of its own, so the distance grows with the file.
 */
const FIRST_SYNC_BYTES = 3 * 1024 * 1024;
const LONGEST_UNSYNCED_BYTES = 32 * 1024 * 1024;

/**
 * Measured: Linux 6.18 caches a write of 1 MiB in one piece of memory, which a virtual machine may have to request from
 * its host; the same bytes in smaller writes cost a tenth of that.
 */
const WRITE_BYTES = 512 * 1024;

async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(WRITE_BYTES, bytes.length - done);
    done += (await handle.write(bytes, done, length, at + done)).bytesWritten;
  }
}

/** Copies incoming bytes into batches; each full one is written and hashed while the next one is filled. */
export class BatchedWriter {
  private readonly underWay: Promise<void>[] = [];
  private batch: Buffer | undefined;
  private filled = 0;
  private end: number;
  private syncedEnd: number;
  private written: Promise<void> = Promise.resolve();
  private syncing: Promise<void> | undefined;
  private isSyncing = false;

  /**
   * @param start - where the first byte goes
   * @param isInOrder - a crash must not leave a hole, so that the length of the file says how much is there
   */
  constructor(
    private readonly handle: FileHandle,
    private readonly sums: SumsOfPieces | undefined,
    private readonly start = 0,
    private readonly isInOrder = false,
  ) {
    this.end = start;
    this.syncedEnd = start;
  }

  /** Copies a chunk, or claims a full batch; resolves when there is room for more. */
  async take(chunk: Buffer): Promise<void> {
    if (claimBatch(chunk)) {
      if (this.batch !== undefined) await this.sendBatch();
      this.batch = chunk;
      this.filled = chunk.length;
      await this.sendBatch();
      return;
    }
    for (let taken = 0; taken < chunk.length;) {
      this.batch ??= takeBatch();
      const copied = chunk.copy(this.batch, this.filled, taken);
      taken += copied;
      this.filled += copied;
      if (this.filled < BATCH_BYTES) return;
      await this.sendBatch();
    }
  }

  /** Writes the rest; resolves to the end of the bytes when everything is written and hashed. */
  async finish(): Promise<number> {
    this.send(this.end === this.start);
    await settle([...this.underWay, this.syncing]);
    return this.end;
  }

  /** Releases the memory once nothing uses it. */
  async release(): Promise<void> {
    await Promise.allSettled([...this.underWay, this.syncing]);
    if (this.batch !== undefined) giveBackBatch(this.batch);
  }

  private async sendBatch(): Promise<void> {
    this.send(false);
    if (this.underWay.length === UNDER_WAY) await this.underWay.shift();
  }

  private send(isOnly: boolean): void {
    const { batch } = this;
    if (batch === undefined) return;
    const bytes = batch.subarray(0, this.filled);
    const at = this.end;
    const sum = this.sums?.update(bytes, isOnly) ?? Promise.resolve();
    const write = this.isInOrder
      ? this.written.then(() => writeAll(this.handle, bytes, at))
      : writeAll(this.handle, bytes, at);
    const read = this.sums?.read?.(bytes);
    const work = settle([write, sum]);
    const end = read === undefined ? work : work.finally(() => read);
    end.catch(() => undefined).finally(() => giveBackBatch(batch)); // `work` is awaited when its turn comes, or at the end
    this.written = write;
    this.underWay.push(work);
    this.end += this.filled;
    this.filled = 0;
    this.batch = undefined;
    this.beginSync();
  }

  /**
   * This leaves less work for the caller's sync. A failure here fails the upload, because Linux may report an error
   * only once.
   */
  private beginSync(): void {
    const distance = Math.min(LONGEST_UNSYNCED_BYTES, Math.max(FIRST_SYNC_BYTES, this.end / 4));
    if (this.isSyncing || this.end - this.syncedEnd < distance) return;
    this.syncedEnd = this.end;
    this.isSyncing = true;
    const sync = this.handle.datasync().finally(() => (this.isSyncing = false));
    this.syncing = settle([this.syncing, sync]);
    this.syncing.catch(() => undefined); // awaited at the end
  }
}
