/** Measured: larger ones fall out of the processor's cache between the read and the send. */
const LARGE_BYTES = 512 * 1024;

/** The size for readers that come when many are being served: the memory of all of them together stays small. */
const SMALL_BYTES = 64 * 1024;

const LARGE_BUFFERS = 128;

/**
 * Reused buffers for reading files: allocating a new one for each read costs more than the read, in garbage collection.
 */
export class ReadBuffers {
  private readonly free: Buffer[] = [];
  private lentLarge = 0;

  /** Returns a buffer that belongs to the caller until it is given back. */
  take(): Buffer {
    if (this.lentLarge >= LARGE_BUFFERS) return Buffer.allocUnsafeSlow(SMALL_BYTES);
    this.lentLarge += 1;
    return this.free.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
  }

  /** @param isFree - false: something may still read from it, so that nobody else may get it */
  giveBack(buffer: Buffer, isFree: boolean): void {
    if (buffer.length !== LARGE_BYTES) return;
    this.lentLarge -= 1;
    if (isFree) this.free.push(buffer);
  }
}
