const MEBIBYTE = 1024 * 1024;

/** What a write begins with: a small blob needs no more, and does not wait for large ones. */
export const FIRST_BYTES = MEBIBYTE / 4;

/** A caller that waits. */
interface Waiting {
  readonly bytes: number;
  readonly resolve: (buffer: Buffer) => void;
}

/**
 * A limited amount of memory, given out in the order in which it was asked for. Buffers are reused; threads share them.
 * The system gives memory only as far as it is filled.
 */
class Share {
  used = 0;
  private kept: Buffer[] = [];
  private readonly waiting: Waiting[] = [];

  constructor(private readonly limit: number) {}

  get isShort(): boolean {
    return this.waiting.length > 0;
  }

  async take(bytes: number): Promise<Buffer> {
    return new Promise((resolve) => {
      this.waiting.push({ bytes, resolve });
      this.serve();
    });
  }

  giveBack(buffer: Buffer): void {
    this.used -= buffer.length;
    this.kept.push(buffer);
    this.serve();
  }

  private serve(): void {
    for (
      let [first] = this.waiting;
      first !== undefined && this.used + first.bytes <= this.limit;
      [first] = this.waiting
    ) {
      this.waiting.shift();
      this.used += first.bytes;
      first.resolve(this.find(first.bytes));
    }
  }

  /** What is kept for reuse counts as well: it goes before more is taken from the system. */
  private find(bytes: number): Buffer {
    const same = this.kept.findIndex(({ length }) => length === bytes);
    const [found] = same < 0 ? [] : this.kept.splice(same, 1);
    if (found !== undefined) return found;
    let keptBytes = this.kept.reduce((sum, { length }) => sum + length, 0);
    while (this.used + keptBytes > this.limit) keptBytes -= this.kept.shift()?.length ?? keptBytes;
    return Buffer.from(new SharedArrayBuffer(bytes));
  }
}

/**
 * The memory for the parts of all writes of a process: never more than 64 MiB.
 *
 * A write begins with a quarter of a mebibyte, of which there are 32. When that is full, it takes a whole part instead.
 * So a small write never waits for the parts of large ones. Nothing gets stuck: who has a whole part waits only for the
 * client and the store, and gives it back after it is sent; who has a first buffer waits only for a whole part.
 */
export class PartMemory {
  /** The most that was ever in use. */
  peak = 0;
  private readonly first = new Share(8 * MEBIBYTE);
  private readonly parts = new Share(56 * MEBIBYTE);

  /** Whether writes wait for parts: then no other should have more than one. */
  get isShort(): boolean {
    return this.parts.isShort;
  }

  /** @param bytes - `FIRST_BYTES`, or the size of a whole part */
  async take(bytes: number): Promise<Buffer> {
    const buffer = await this.shareOf(bytes).take(bytes);
    this.peak = Math.max(this.peak, this.first.used + this.parts.used);
    return buffer;
  }

  /** Once nothing reads it. */
  giveBack(buffer: Buffer): void {
    this.shareOf(buffer.length).giveBack(buffer);
  }

  private shareOf(bytes: number): Share {
    return bytes === FIRST_BYTES ? this.first : this.parts;
  }
}

/** That of this process. */
export const partMemory = new PartMemory();
