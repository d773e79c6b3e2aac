import { LRUCache } from 'lru-cache';

/** How to keep what work came to. */
export interface KeptWorkOptions<T> {
  /** of everything that is kept together */
  readonly maxBytes: number;
  readonly bytesOf: (outcome: T) => number;
  /** how long it is kept; undefined: until there is no more room */
  readonly keptMs: (outcome: T) => number | undefined;
}

interface Running<T> {
  readonly outcome: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Remembers what work came to, in bounded memory, and does the same work once for all who ask for it meanwhile. It ends
 * when the last of them has gone.
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
   * What is kept under the key, else what `work` comes to.
   *
   * @param signal - of this caller; aborted, only this caller stops waiting
   * @param work - its own signal is aborted when nobody waits any more
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
