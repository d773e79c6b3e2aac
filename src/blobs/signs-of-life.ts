/** A slow client may send nothing for minutes, and a megabyte is written at once. */
const EVERY_MS = 5 * 60_000;

/** The writes of this process, each of which shows every few minutes that it is active. */
export class SignsOfLife<T> {
  private readonly living = new Set<T>();
  private timer: NodeJS.Timeout | undefined;

  /** @param show - shows it for all of them; what it throws is not of interest, as the next sign may get through */
  constructor(
    private readonly show: (living: readonly T[]) => Promise<unknown>,
    private readonly everyMs = EVERY_MS,
  ) {}

  /** Keeps a write alive while `work` goes on. */
  async during<R>(write: T, work: () => Promise<R>): Promise<R> {
    this.living.add(write);
    this.timer ??= setInterval(() => void this.show([...this.living]).catch(() => undefined), this.everyMs).unref();
    try {
      return await work();
    } finally {
      this.living.delete(write);
      if (this.living.size === 0) {
        clearInterval(this.timer);
        this.timer = undefined;
      }
    }
  }
}

/** The work that goes on, for those who wait until there is none. */
export class OngoingWork {
  private readonly going = new Set<Promise<unknown>>();

  async track<R>(work: Promise<R>): Promise<R> {
    this.going.add(work);
    try {
      return await work;
    } finally {
      this.going.delete(work);
    }
  }

  /** Resolves when none goes on. */
  async settled(): Promise<void> {
    while (this.going.size > 0) await Promise.allSettled(this.going);
  }
}
