import { AppError } from '../errors';

/** Limits how much each subject may do at once in this process. */
export class ConcurrencyLimit {
  private readonly running = new Map<string, number>();

  /**
   * @param limit - how many pieces of work may run at once for each subject
   * @param refusal - the message of the refusal
   */
  constructor(
    private readonly limit: number,
    private readonly refusal: { readonly sentence: string; readonly retryAfterSeconds: number },
  ) {}

  /** The number of pieces of work that run now, of all subjects. */
  get total(): number {
    return [...this.running.values()].reduce((sum, each) => sum + each, 0);
  }

  /**
   * Runs `work`, unless the subject has reached its limit.
   *
   * @throws AppError `busy`; whatever `work` throws
   */
  async run<T>(subject: string, work: () => Promise<T>): Promise<T> {
    const before = this.running.get(subject) ?? 0;
    if (before >= this.limit) {
      const { sentence, retryAfterSeconds } = this.refusal;
      throw new AppError('busy', sentence, { retryAfterSeconds });
    }
    this.running.set(subject, before + 1);
    try {
      return await work();
    } finally {
      const left = (this.running.get(subject) ?? 1) - 1;
      if (left === 0) this.running.delete(subject);
      else this.running.set(subject, left);
    }
  }
}
