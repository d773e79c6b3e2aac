import { LRUCache } from 'lru-cache';

/** How to keep the results of work. */
export interface KeptWorkOptions<T> {
  /** The limit on the size of all kept results together. */
  readonly maxBytes: number;
  readonly bytesOf: (outcome: T) => number;
  /** How long a result is kept; undefined: until its space is needed. */
  readonly keptMs: (outcome: T) => number | undefined;
}

interface Running<T> {
  readonly outcome: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Remembers the results of work in bounded memory, and does the same work only once for all callers that wait for it.
 * The work is aborted when the last of them has left.
 */
export class KeptWork<T extends object> {
  private readonly kept: LRUCache<string, T>;
  private readonly running = new Map<string, Running<T>>();

  constructor(private readonly options: KeptWorkOptions<T>) {
    this.kept = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: (outcome, key) => options.bytesOf(outcome) + key.length + 100,
    });
  }

  /**
   * Returns the kept result of the key, or else the result of `work`.
   *
   * @param signal - of this caller; when it is aborted, only this caller stops waiting
   * @param work - its own signal is aborted when no caller waits for it
   * @throws the reason of `signal`; whatever `work` throws, which is not kept
   */
  async get(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const shared = this.running.get(key) ?? this.start(key, work);
    shared.waiting += 1;
    let leave: () => void = () => undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason as Error);
      signal.addEventListener('abort', leave, { once: true });
    });
    try {
      return await Promise.race([shared.outcome, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      shared.waiting -= 1;
      if (shared.waiting === 0 && this.running.get(key) === shared) {
        this.running.delete(key);
        shared.controller.abort(signal.reason);
      }
    }
  }

  private start(key: string, work: (signal: AbortSignal) => Promise<T>): Running<T> {
    const controller = new AbortController();
    const outcome = work(controller.signal).then((done) => {
      const ttl = this.options.keptMs(done);
      this.kept.set(key, done, ttl === undefined ? {} : { ttl });
      return done;
    });
    const running: Running<T> = { outcome, controller, waiting: 0 };
    this.running.set(key, running);
    const forget = (): void => {
      if (this.running.get(key) === running) this.running.delete(key);
    };
    outcome.then(forget, forget);
    return running;
  }
}
