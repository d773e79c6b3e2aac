import { AppError } from '../errors';

/** Lets a few pieces of work run at once and a few more wait; refuses work that would wait too long. */
export class BoundedQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param limits.running - how many may run at once
   * @param limits.waiting - how many may wait; more are refused
   * @param refusal - the message of the refusal
   */
  constructor(
    private readonly limits: { readonly running: number; readonly waiting: number },
    private readonly refusal: string,
  ) {}

  /**
   * Runs `work` when there is room.
   *
   * @throws AppError `busy` at once, when too many are waiting; whatever `work` throws
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.running) {
      this.running += 1;
    } else if (this.waiting.length < this.limits.waiting) {
      // Work that ends hands its place over, so that later work cannot overtake the waiting one.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      throw new AppError('busy', this.refusal, { retryAfterSeconds: 2 });
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
