import type { ByteSource } from '../bytes/byte-source';
import { AppError } from '../errors';

const PIECE_BYTES = 256 * 1024;

/** How much may be held in memory while it is sent to clients, in bytes. */
export interface HeldLimits {
  /** The limit for all subjects together. */
  readonly bytes: number;
  /** The limit for one subject. */
  readonly each: number;
}

/** The buffers that are held for a subject, and the number of answers that use each. */
class Held {
  private readonly counts = new Map<Buffer, number>();
  bytes = 0;

  /** Returns the additional memory that holding this buffer takes. */
  costOf(buffer: Buffer): number {
    return this.counts.has(buffer) ? 0 : buffer.length;
  }

  add(buffer: Buffer): void {
    this.bytes += this.costOf(buffer);
    this.counts.set(buffer, (this.counts.get(buffer) ?? 0) + 1);
  }

  remove(buffer: Buffer): void {
    const left = (this.counts.get(buffer) ?? 1) - 1;
    if (left > 0) {
      this.counts.set(buffer, left);
      return;
    }
    this.counts.delete(buffer);
    this.bytes -= buffer.length;
  }
}

/**
 * Limits the memory of long answers that wait for their clients to read them: a slow reader keeps the whole answer.
 * Answers with the same buffer count once.
 */
export class HeldBytes {
  private readonly all = new Held();
  private readonly subjects = new Map<string, Held>();

  constructor(private readonly limits: HeldLimits) {}

  /** How many bytes are held now. */
  get bytes(): number {
    return this.all.bytes;
  }

  /**
   * Returns the buffer as a body that is held until it is sent or released.
   *
   * @throws AppError `busy` when too much is already held
   */
  bodyOf(subject: string, buffer: Buffer): ByteSource {
    const own = this.subjects.get(subject) ?? new Held();
    const isTooMuch =
      this.all.bytes + this.all.costOf(buffer) > this.limits.bytes ||
      own.bytes + own.costOf(buffer) > Math.max(this.limits.each, buffer.length);
    if (isTooMuch) {
      throw new AppError('busy', 'Too many long answers are being sent', { retryAfterSeconds: 10 });
    }
    this.all.add(buffer);
    own.add(buffer);
    this.subjects.set(subject, own);
    const release = this.releaseOnce(subject, own, buffer);
    return {
      copyTo: async (take) => {
        try {
          for (let at = 0; at < buffer.length; at += PIECE_BYTES) await take(buffer.subarray(at, at + PIECE_BYTES));
        } finally {
          release();
        }
      },
      close: () => {
        release();
        return Promise.resolve();
      },
    };
  }

  private releaseOnce(subject: string, own: Held, buffer: Buffer): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.all.remove(buffer);
      own.remove(buffer);
      if (own.bytes === 0) this.subjects.delete(subject);
    };
  }
}
