import type { FileHandle } from 'node:fs/promises';
import { BATCH_BYTES, giveBackBatch, takeBatch } from './batches';
import { RunningSums, sumsOf, type Sums } from './hashing';

/**
 * The number of batches of one upload that are in progress in addition to the one being filled; more would only use
 * memory.
 */
const UNDER_WAY = 2;

/** Measured: the last sync of 256 MiB takes 10 ms instead of 80 if the disk has started earlier. */
const SYNC_BYTES = 32 * 1024 * 1024;

/**
 * Measured: Linux 6.18 caches a write of 1 MiB in one piece of memory, which a virtual machine may have to request from
 * its host; the same bytes in smaller writes cost a tenth of that.
 */
const WRITE_BYTES = 512 * 1024;

/** Writes all of it at this place of the file. */
export async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(WRITE_BYTES, bytes.length - done);
    done += (await handle.write(bytes, done, length, at + done)).bytesWritten;
  }
}

/** Waits for all of them, so that no work continues after a failure. */
async function settle(work: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/**
 * Copies incoming bytes into batches; each full one is written and hashed while the next one is filled. A few bytes
 * that fit into one batch are hashed at once: a thread would cost more than it saves.
 */
class BatchedWriter {
  private readonly underWay: Promise<void>[] = [];
  private sums: RunningSums | undefined;
  private batch: Buffer | undefined;
  private filled = 0;
  private writtenBytes = 0;
  private syncedBytes = 0;
  private syncing: Promise<void> | undefined;

  constructor(
    private readonly handle: FileHandle,
    private readonly prefix: Buffer | undefined,
  ) {}

  /** Copies as much of a chunk as fits; returns how much that is. */
  fill(chunk: Buffer, from: number): number {
    this.batch ??= takeBatch();
    const copied = chunk.copy(this.batch, this.filled, from);
    this.filled += copied;
    return copied;
  }

  get isFull(): boolean {
    return this.filled === BATCH_BYTES;
  }

  /** Starts to write the filled batch; resolves when there is room for more. */
  async flush(): Promise<void> {
    this.sums ??= new RunningSums(this.prefix);
    this.start(this.sums);
    if (this.underWay.length === UNDER_WAY) await this.underWay.shift();
  }

  /** Writes the rest; resolves when everything is written and hashed. */
  async finish(): Promise<Sums & { readonly sizeBytes: number }> {
    if (this.sums === undefined) {
      const bytes = (this.batch ?? Buffer.alloc(0)).subarray(0, this.filled);
      await writeAll(this.handle, bytes, 0);
      return { ...sumsOf(bytes, this.prefix), sizeBytes: bytes.length };
    }
    this.start(this.sums);
    await settle([...this.underWay, this.syncing ?? Promise.resolve()]);
    const sums = await this.sums.end();
    this.sums = undefined;
    return { ...sums, sizeBytes: this.writtenBytes };
  }

  /** Releases the memory once nothing uses it. */
  async release(): Promise<void> {
    await Promise.allSettled([...this.underWay, this.syncing, this.sums?.end()]);
    if (this.batch !== undefined) giveBackBatch(this.batch);
  }

  private start(sums: RunningSums): void {
    const { batch } = this;
    if (batch === undefined) return;
    const bytes = batch.subarray(0, this.filled);
    const work = settle([writeAll(this.handle, bytes, this.writtenBytes), sums.update(bytes)]).finally(() =>
      giveBackBatch(batch),
    );
    work.catch(() => undefined); // awaited when its turn comes, or at the end
    this.underWay.push(work);
    this.writtenBytes += this.filled;
    this.filled = 0;
    this.batch = undefined;
    this.beginSync();
  }

  /**
   * This leaves less work for the caller's sync. A failure here fails the upload, because Linux may report an error
   * only once.
   */
  private beginSync(): void {
    if (this.writtenBytes - this.syncedBytes < SYNC_BYTES) return;
    this.syncedBytes = this.writtenBytes;
    this.syncing = settle([this.syncing ?? Promise.resolve(), this.handle.datasync()]);
    this.syncing.catch(() => undefined); // awaited at the end
  }
}

/**
 * Writes a stream to a file in large pieces, with constant memory, and hashes it along the way. A chunk is copied
 * before the next one is requested. The bytes are not durable until the caller has synced the file.
 *
 * @param prefix - of the second hash
 */
export async function writeBatched(
  handle: FileHandle,
  bytes: AsyncIterable<Buffer>,
  prefix?: Buffer,
): Promise<Sums & { readonly sizeBytes: number }> {
  const writer = new BatchedWriter(handle, prefix);
  try {
    for await (const chunk of bytes) {
      for (let taken = 0; taken < chunk.length;) {
        taken += writer.fill(chunk, taken);
        if (writer.isFull) await writer.flush();
      }
    }
    return await writer.finish();
  } finally {
    await writer.release();
  }
}
