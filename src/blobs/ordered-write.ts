import type { FileHandle } from 'node:fs/promises';
import { BATCH_BYTES, giveBackBatch, takeBatch } from './batches';
import { writeAll } from './batched-write';
import { RunningSums, type Sums } from './hashing';

/** The source failed; the bytes that it delivered before are in the file. */
export class SourceBrokeOff extends Error {
  constructor(
    /** The error of the source. */
    readonly reason: unknown,
    /** Where the file ends now. */
    readonly end: number,
  ) {
    super('the source broke off', { cause: reason });
  }
}

/** Writes one batch after the other, while the next one is filled, so that a crash leaves no hole. */
class OrderedWriter {
  private batch: Buffer | undefined;
  private filled = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly handle: FileHandle,
    private end: number,
    private readonly sums: RunningSums | undefined,
  ) {}

  async take(chunk: Buffer): Promise<void> {
    for (let taken = 0; taken < chunk.length;) {
      this.batch ??= takeBatch();
      const copied = chunk.copy(this.batch, this.filled, taken);
      taken += copied;
      this.filled += copied;
      if (this.filled === BATCH_BYTES) await this.flush();
    }
  }

  /** Resolves to the end of the file when all is written. */
  async finish(): Promise<number> {
    await this.flush();
    await this.writing;
    return this.end;
  }

  /** Releases the memory once nothing uses it. */
  async release(): Promise<void> {
    await Promise.allSettled([this.writing]);
    if (this.batch !== undefined) giveBackBatch(this.batch);
  }

  private async flush(): Promise<void> {
    await this.writing;
    const { batch, sums } = this;
    if (batch === undefined) return;
    const bytes = batch.subarray(0, this.filled);
    this.writing = this.write(bytes, this.end, sums).finally(() => giveBackBatch(batch));
    this.writing.catch(() => undefined); // awaited before the next one, or at the end
    this.end += this.filled;
    this.filled = 0;
    this.batch = undefined;
  }

  private async write(bytes: Buffer, at: number, sums: RunningSums | undefined): Promise<void> {
    const ends = await Promise.allSettled([writeAll(this.handle, bytes, at), sums?.update(bytes)]);
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }
}

/**
 * Writes a stream into a file from an offset on, in order and with constant memory. The bytes are not durable until the
 * caller has synced the file.
 *
 * @param sums - the hashes of the bytes before; undefined: nothing is hashed
 * @returns where the file ends now
 * @throws SourceBrokeOff when the source threw; whatever the file or the thread throws, and then the content of the
 *   file is undefined
 */
export async function writeInOrder(
  handle: FileHandle,
  offset: number,
  bytes: AsyncIterable<Buffer>,
  sums: RunningSums | undefined,
): Promise<number> {
  const writer = new OrderedWriter(handle, offset, sums);
  const source = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await source.next().catch(async (reason: unknown) => {
        throw new SourceBrokeOff(reason, await writer.finish());
      });
      if (next.done === true) return await writer.finish();
      await writer.take(next.value);
    }
  } catch (error) {
    if (!(error instanceof SourceBrokeOff)) await source.return?.().catch(() => undefined);
    throw error;
  } finally {
    await writer.release();
  }
}

async function fill(handle: FileHandle, batch: Buffer, at: number): Promise<Buffer> {
  let filled = 0;
  while (filled < batch.length) {
    const { bytesRead } = await handle.read(batch, filled, batch.length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return batch.subarray(0, filled);
}

/** Hashes a whole file in the hashing thread; one batch is read while the other is hashed. */
export async function sumsOfFile(handle: FileHandle): Promise<Sums> {
  const batches = [takeBatch(), takeBatch()] as const;
  const sums = new RunningSums();
  let hashing = Promise.resolve();
  try {
    for (let at = 0, turn = 0; ; turn = 1 - turn) {
      const bytes = await fill(handle, batches[turn as 0 | 1], at);
      await hashing;
      if (bytes.length === 0) break;
      at += bytes.length;
      hashing = sums.update(bytes);
      hashing.catch(() => undefined); // awaited when the next batch is read
    }
  } catch (error) {
    await Promise.allSettled([hashing, sums.end()]);
    throw error;
  } finally {
    await Promise.allSettled([hashing]);
    for (const batch of batches) giveBackBatch(batch);
  }
  return sums.end();
}
