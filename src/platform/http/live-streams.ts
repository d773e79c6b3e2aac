import { AppError } from '../errors';

/** A place among the answers that are being sent. */
export interface LivePlace {
  /** Aborted when the server stops: the answer has to end, so that its client asks another process. */
  readonly closing: AbortSignal;
  /** Gives the place back; may be called again. */
  leave(): void;
}

/** Answers that are sent while something goes on, and take as long as that. Their number in this process is limited. */
export class LiveStreams {
  private readonly running = new Map<string, number>();
  private readonly closing = new AbortController();
  private total = 0;

  /** @param limits - how many there may be at once, and how many of one subject */
  constructor(private readonly limits: { readonly all: number; readonly each: number }) {}

  /**
   * Takes a place for an answer.
   *
   * @param subject - the client
   * @throws AppError `busy` when there is none left
   */
  enter(subject: string): LivePlace {
    const own = this.running.get(subject) ?? 0;
    if (this.closing.signal.aborted || own >= this.limits.each || this.total >= this.limits.all)
      throw new AppError('busy', 'Too many live answers at once', { retryAfterSeconds: 10 });
    this.count(subject, 1);
    let isIn = true;
    return {
      closing: this.closing.signal,
      leave: () => {
        if (isIn) this.count(subject, -1);
        isIn = false;
      },
    };
  }

  /** Ends all answers, and accepts no more. */
  close(): void {
    this.closing.abort();
  }

  private count(subject: string, by: 1 | -1): void {
    const own = (this.running.get(subject) ?? 0) + by;
    if (own === 0) this.running.delete(subject);
    else this.running.set(subject, own);
    this.total += by;
  }
}
