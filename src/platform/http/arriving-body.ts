import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import { BATCH_BYTES, claimBatch, giveBackBatch, offerBatch, takeBatch } from '../bytes/batches';
import { countReceived } from '../bytes/young-garbage';

/** The bytes of a slow client are passed on after this time. */
const GATHER_MS = 10;

/**
 * A body while it arrives. Its chunks are copied together: engines send 32 KiB each, and to pass on each by itself costs
 * several times as much as the copy.
 */
export class ArrivingBody {
  private batch: Buffer | undefined;
  private filled = 0;
  /** came while the batch was full */
  private readonly waiting: Buffer[] = [];
  private lent: { readonly batch: Buffer; readonly isOffered: boolean } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isDue = false;
  private isOver = false;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;
  private readonly stopWatching: () => void;

  constructor(private readonly req: IncomingMessage) {
    this.stopWatching = finished(req, { writable: false }, (error) => {
      this.isOver = true;
      this.failure = error ?? undefined;
      this.wake();
    });
    req.on('data', this.take);
  }

  /**
   * The next bytes; undefined at the end. They are valid until the next call, unless the reader has claimed them. What
   * has arrived before a failure comes first.
   *
   * @throws Error when the client went away
   */
  async next(): Promise<Buffer | undefined> {
    this.takeBack();
    while (!this.isDue && !this.isOver && this.filled < BATCH_BYTES) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (this.batch !== undefined) return this.lend(this.batch);
    if (this.failure !== undefined) throw this.failure;
    return undefined;
  }

  /** Stops reading; the rest of the body stays in the request. */
  close(): void {
    this.takeBack();
    this.req.off('data', this.take);
    this.req.pause();
    this.stopWatching();
    clearTimeout(this.timer);
    if (this.batch !== undefined) giveBackBatch(this.batch);
    this.batch = undefined;
  }

  private readonly take = (chunk: Buffer): void => {
    countReceived(chunk.length);
    this.copy(chunk);
    if (this.filled === BATCH_BYTES) {
      this.req.pause();
      this.wake();
    }
  };

  private passOn(): void {
    this.timer = undefined;
    this.isDue = this.filled > 0;
    this.wake();
  }

  private copy(chunk: Buffer): void {
    this.timer ??= setTimeout(() => this.passOn(), GATHER_MS);
    this.batch ??= takeBatch();
    const copied = chunk.copy(this.batch, this.filled);
    this.filled += copied;
    if (copied < chunk.length) this.waiting.push(chunk.subarray(copied));
  }

  private lend(batch: Buffer): Buffer {
    const isFull = this.filled === BATCH_BYTES;
    const bytes = isFull ? batch : batch.subarray(0, this.filled);
    if (isFull) offerBatch(batch);
    this.lent = { batch, isOffered: isFull };
    this.batch = undefined;
    this.filled = 0;
    this.isDue = false;
    for (const chunk of this.waiting.splice(0)) this.copy(chunk);
    if (isFull) this.req.resume();
    return bytes;
  }

  private takeBack(): void {
    const { lent } = this;
    this.lent = undefined;
    if (lent === undefined) return;
    if (!lent.isOffered || claimBatch(lent.batch)) giveBackBatch(lent.batch);
  }
}
