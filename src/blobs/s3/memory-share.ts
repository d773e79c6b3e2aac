/** A caller that waits. */
interface Waiting {
  readonly bytes: number;
  readonly leave: () => void;
  readonly resolve: (buffer: Buffer) => void;
}

/** A buffer that is being filled. */
interface Filling {
  since: number;
  readonly leave: () => void;
}

/** How often it is asked, while callers wait, who takes too long. */
const LOOKS = 10;

/**
 * A limited amount of memory, given out in the order in which it was asked for. Buffers are reused; threads share them.
 * The system gives memory only as far as it is filled.
 */
export class MemoryShare {
  used = 0;
  private kept: Buffer[] = [];
  private readonly waiting: Waiting[] = [];
  private readonly filling = new Map<Buffer, Filling>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limit: number,
    public patienceMs: number,
  ) {}

  get isShort(): boolean {
    return this.waiting.length > 0;
  }

  /** @param leave - called when the buffer is filled for longer than the patience, and others wait */
  async take(bytes: number, leave: () => void): Promise<Buffer> {
    return new Promise((resolve) => {
      this.waiting.push({ bytes, leave, resolve });
      this.serve();
    });
  }

  isFilled(buffer: Buffer): void {
    this.filling.delete(buffer);
  }

  giveBack(buffer: Buffer): void {
    this.isFilled(buffer);
    this.used -= buffer.length;
    this.kept.push(buffer);
    this.serve();
  }

  private serve(): void {
    while (this.waiting[0] !== undefined && this.used + this.waiting[0].bytes <= this.limit) {
      const { bytes, leave, resolve } = this.waiting[0];
      this.waiting.shift();
      this.used += bytes;
      const buffer = this.find(bytes);
      this.filling.set(buffer, { since: performance.now(), leave });
      resolve(buffer);
    }
    if (this.isShort) this.timer ??= setTimeout(() => this.look(), this.patienceMs / LOOKS).unref();
  }

  private look(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const filling of this.isShort ? this.filling.values() : []) {
      if (now - filling.since < this.patienceMs) continue;
      filling.since = now;
      filling.leave();
    }
    this.serve();
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
