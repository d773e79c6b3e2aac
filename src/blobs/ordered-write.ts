import type { FileHandle } from 'node:fs/promises';
import { giveBackBatch, takeBatch } from '../platform/bytes/batches';
import { BatchedWriter } from './batched-write';
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
  const writer = new BatchedWriter(handle, sums, offset, true);
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
