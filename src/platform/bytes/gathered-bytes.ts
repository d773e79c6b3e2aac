import { finished, type Readable } from 'node:stream';
import { BATCH_BYTES, claimBatch, giveBackBatch, offerBatch, takeBatch } from './batches';
import { countReceived } from './young-garbage';

/** The bytes of a slow sender are passed on after this time. */
const GATHER_MS = 10;

/**
 * A body while it arrives from the network. Its chunks are copied together: they have 16 to 64 KiB, and to pass on each
 * by itself costs several times as much as the copy.
 */
export class GatheredBytes {
  private buffer: Buffer | undefined;
  private filled = 0;
  /** came while the buffer was full */
  private readonly waiting: Buffer[] = [];
  /** what the reader has: a whole batch, or the beginning of one */
  private lent: { readonly batch: Buffer; readonly bytes: Buffer } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isDue = false;
  private isOver = false;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;
  private readonly stopWatching: () => void;

  constructor(private readonly body: Readable) {
    this.stopWatching = finished(body, { writable: false }, (error) => {
      this.isOver = true;
      this.failure = error ?? undefined;
      this.wake();
    });
    body.on('data', this.take);
  }

  /**
   * The next bytes; undefined at the end. They are valid until the next call, unless the reader has claimed them. What
   * has arrived before a failure comes first.
   *
   * @throws Error when the sender went away
   */
  async next(): Promise<Buffer | undefined> {
    this.takeBack();
    while (!this.isDue && !this.isOver && !this.isFull()) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (this.buffer !== undefined) return this.lend(this.buffer);
    if (this.failure !== undefined) throw this.failure;
    return undefined;
  }

  /** Stops reading; the rest stays in the body. What the reader had last is not used again, because it may still read it. */
  close(): void {
    this.body.off('data', this.take);
    this.body.pause();
    this.body.on('error', () => undefined); // nobody is interested any longer
    this.stopWatching();
    clearTimeout(this.timer);
    if (this.buffer !== undefined) giveBackBatch(this.buffer);
    this.lent = undefined;
    this.buffer = undefined;
  }

  private isFull(): boolean {
    return this.filled === BATCH_BYTES;
  }

  private readonly take = (chunk: Buffer): void => {
    countReceived(chunk.length);
    this.copy(chunk);
    if (!this.isFull()) return;
    this.body.pause();
    this.wake();
  };

  private copy(chunk: Buffer): void {
    this.timer ??= setTimeout(() => this.passOn(), GATHER_MS);
    this.buffer ??= takeBatch();
    const copied = chunk.copy(this.buffer, this.filled);
    this.filled += copied;
    if (copied < chunk.length) this.waiting.push(chunk.subarray(copied));
  }

  private passOn(): void {
    this.timer = undefined;
    this.isDue = this.filled > 0;
    this.wake();
  }

  private lend(buffer: Buffer): Buffer {
    const isFull = this.isFull();
    if (isFull) offerBatch(buffer);
    const bytes = isFull ? buffer : buffer.subarray(0, this.filled);
    this.lent = { batch: buffer, bytes };
    this.buffer = undefined;
    this.filled = 0;
    this.isDue = false;
    for (const chunk of this.waiting.splice(0)) this.copy(chunk);
    if (isFull) this.body.resume();
    return bytes;
  }

  private takeBack(): void {
    const { lent } = this;
    this.lent = undefined;
    if (lent === undefined) return;
    const { batch, bytes } = lent;
    if (bytes !== batch || claimBatch(batch)) giveBackBatch(batch);
  }
}
