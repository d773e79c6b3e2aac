import type { FileHandle } from 'node:fs/promises';
import { BatchedWriter } from './batched-write';
import { digestsOf, RunningSums, sumsOf, type Sums } from './hashing';
import type { WantedSums } from './blob-store';
import { UnpackingOnArrival, type Unpacked } from './unpacking';

/** Hashes in the hashing thread. A few bytes that fit into one batch are hashed at once: the thread would cost more. */
export class SumsOfWrite {
  private running: RunningSums | undefined;
  private sums: Sums | undefined;

  constructor(private readonly prefix: Buffer | undefined) {}

  async update(piece: Buffer, isOnly: boolean): Promise<void> {
    if (isOnly) {
      this.sums = sumsOf(piece, this.prefix);
      return;
    }
    this.running ??= new RunningSums(this.prefix);
    await this.running.update(piece);
  }

  /** Must be called at the end, also by a caller that does not need the result. */
  async finish(): Promise<Sums> {
    const { running } = this;
    this.running = undefined;
    return (this.sums ??= running === undefined ? sumsOf(Buffer.alloc(0), this.prefix) : await running.end());
  }
}

/** The result of `writeHashed`. */
export interface HashedWrite extends Sums {
  readonly sizeBytes: number;
  /** Never throws; undefined if it was not wanted. */
  readonly unpacked: Promise<Unpacked> | undefined;
}

/**
 * Writes a stream to a file in large pieces, with constant memory, and hashes it along the way. A chunk is copied
 * before the next one is requested. The bytes are not durable until the caller has synced the file.
 */
export async function writeHashed(
  handle: FileHandle,
  bytes: AsyncIterable<Buffer>,
  { prefix, unpacked: isUnpacked = false }: WantedSums = {},
): Promise<HashedWrite> {
  const sums = new SumsOfWrite(prefix);
  const unpacking = isUnpacked ? new UnpackingOnArrival() : undefined;
  const writer = new BatchedWriter(handle, {
    update: (piece, isOnly) => sums.update(piece, isOnly),
    ...(unpacking && { read: (piece) => unpacking.take(piece) }),
  });
  try {
    for await (const chunk of bytes) await writer.take(chunk);
    const sizeBytes = await writer.finish();
    const found = await sums.finish();
    return { ...found, sizeBytes, unpacked: unpacking?.finish(digestsOf(found).digest) };
  } finally {
    await writer.release();
    unpacking?.drop();
    await sums.finish().catch(() => undefined);
  }
}
