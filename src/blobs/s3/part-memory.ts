import { MemoryShare } from './memory-share';

const MEBIBYTE = 1024 * 1024;

/** What a write begins with: a small blob needs no more, and does not wait for large ones. */
export const FIRST_BYTES = MEBIBYTE / 4;

/**
 * How long a write may fill a buffer while others wait for one. Then it puts its bytes aside in the bucket, and waits for
 * memory again as soon as its client sends more. So slow clients do not hold up all others.
 */
const PATIENCE_MS = 10_000;

/**
 * The memory for the parts of all writes of a process: never more than 64 MiB.
 *
 * A write begins with a quarter of a mebibyte, of which there are 32. When that is full, it takes a whole part instead.
 * So a small write never waits for the parts of large ones. Nothing gets stuck: who has a whole part waits only for the
 * client and the store, and gives it back after it is sent; who has a first buffer waits only for a whole part.
 */
export class PartMemory {
  /** The most that was ever in use, in bytes. */
  peak = 0;
  private readonly first: MemoryShare;
  private readonly parts: MemoryShare;

  constructor(patienceMs = PATIENCE_MS) {
    this.first = new MemoryShare(8 * MEBIBYTE, patienceMs);
    this.parts = new MemoryShare(56 * MEBIBYTE, patienceMs);
  }

  /** Whether writes wait for parts: then no other should have more than one. */
  get isShort(): boolean {
    return this.parts.isShort;
  }

  /** @param patienceMs - for tests */
  setPatience(patienceMs = PATIENCE_MS): void {
    this.first.patienceMs = patienceMs;
    this.parts.patienceMs = patienceMs;
  }

  /**
   * @param bytes - `FIRST_BYTES`, or the size of a whole part
   * @param leave - called when the buffer was filled for long while others wait: it may be given back
   */
  async take(bytes: number, leave: () => void): Promise<Buffer> {
    const buffer = await this.shareOf(bytes).take(bytes, leave);
    this.peak = Math.max(this.peak, this.first.used + this.parts.used);
    return buffer;
  }

  /** It is no longer filled: it will be given back soon, whatever the client does. */
  isFilled(buffer: Buffer): void {
    this.shareOf(buffer.length).isFilled(buffer);
  }

  /** Once nothing reads it. */
  giveBack(buffer: Buffer): void {
    this.shareOf(buffer.length).giveBack(buffer);
  }

  private shareOf(bytes: number): MemoryShare {
    return bytes === FIRST_BYTES ? this.first : this.parts;
  }
}

/** That of this process. */
export const partMemory = new PartMemory();
