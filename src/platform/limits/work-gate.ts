import { AppError } from '../errors';

/** How much of one kind of work a process does at once. */
export interface GateLimits {
  /** How many may run at once, for all subjects together. */
  readonly running: number;
  /** How many may run at once, for one subject. */
  readonly runningEach: number;
  /** How many may wait; the next one is refused. */
  readonly waiting: number;
  /** How many may run and wait, for one subject; the next one is refused. */
  readonly each: number;
  /** The message of the refusal. */
  readonly refusal: { readonly sentence: string; readonly retryAfterSeconds: number };
}

interface Waiter {
  readonly enter: () => void;
}

/**
 * Lets a few pieces of work run at once and a few more wait. Subjects take turns: the running work of a subject with
 * much to do delays another, but its waiting work does not.
 */
export class WorkGate {
  private readonly running = new Map<string, number>();
  /** The subjects in the order of their turns. */
  private readonly waiting = new Map<string, Waiter[]>();
  private runningCount = 0;
  private waitingCount = 0;

  constructor(private readonly limits: GateLimits) {}

  /** How many pieces of work run and wait now. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.runningCount, waiting: this.waitingCount };
  }

  /**
   * Runs `work` when it is the subject's turn.
   *
   * @param subject - the account or address that the work is for
   * @param signal - ends the wait; work that is already running has to obey it by itself
   * @throws AppError `busy` at once, when too much is waiting; the reason of `signal`; whatever `work` throws
   */
  async run<T>(subject: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.mayStart(subject)) this.start(subject);
    else await this.wait(subject, signal);
    try {
      return await work();
    } finally {
      this.end(subject);
    }
  }

  private mayStart(subject: string): boolean {
    const { running, runningEach } = this.limits;
    return this.runningCount < running && (this.running.get(subject) ?? 0) < runningEach;
  }

  private start(subject: string): void {
    this.runningCount += 1;
    this.running.set(subject, (this.running.get(subject) ?? 0) + 1);
  }

  private async wait(subject: string, signal: AbortSignal): Promise<void> {
    const line = this.waiting.get(subject) ?? [];
    const own = line.length + (this.running.get(subject) ?? 0);
    if (this.waitingCount >= this.limits.waiting || own >= this.limits.each) {
      const { sentence, retryAfterSeconds } = this.limits.refusal;
      throw new AppError('busy', sentence, { retryAfterSeconds });
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.remove(subject, waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      line.push(waiter);
      this.waiting.set(subject, line);
      this.waitingCount += 1;
    });
  }

  private remove(subject: string, waiter: Waiter): void {
    const left = (this.waiting.get(subject) ?? []).filter((other) => other !== waiter);
    this.waitingCount -= 1;
    if (left.length === 0) this.waiting.delete(subject);
    else this.waiting.set(subject, left);
  }

  private end(subject: string): void {
    this.runningCount -= 1;
    const left = (this.running.get(subject) ?? 1) - 1;
    if (left === 0) this.running.delete(subject);
    else this.running.set(subject, left);
    this.admitNext();
  }

  /** The place is taken before the waiter is notified, so that later work cannot overtake it. */
  private admitNext(): void {
    for (const [subject, line] of this.waiting) {
      const [waiter] = line;
      if (waiter === undefined || !this.mayStart(subject)) continue;
      this.remove(subject, waiter);
      const rest = this.waiting.get(subject);
      if (rest !== undefined) {
        this.waiting.delete(subject);
        this.waiting.set(subject, rest);
      }
      this.start(subject);
      waiter.enter();
      return;
    }
  }
}
