import type { Transferable } from 'node:worker_threads';
import { WorkGate, type GateLimits } from '../limits/work-gate';
import { ThreadPool, type ThreadLimits } from './thread-pool';

/** Threads behind a gate: as many pieces of work run as there are threads. */
export class GatedThreads {
  private readonly gate: WorkGate;
  private readonly pool: ThreadPool;
  private endedCount = 0;

  /** @param file - the file that the threads run, see `ThreadPool` */
  constructor(file: string, limits: ThreadLimits & Omit<GateLimits, 'running'>) {
    this.gate = new WorkGate({ ...limits, running: limits.threads });
    this.pool = new ThreadPool(file, limits);
  }

  /** How much runs and waits now, and how much has ended since the start, successfully or not. */
  get load(): { readonly running: number; readonly waiting: number; readonly ended: number } {
    return { ...this.gate.load, ended: this.endedCount };
  }

  /**
   * Runs `work` when it is the subject's turn, and passes it the threads.
   *
   * @param signal - ends the wait and the work
   * @throws AppError `busy`; ThreadOverrun; the reason of the signal; what `work` throws
   */
  async run<T>(
    subject: string,
    signal: AbortSignal,
    work: (ask: (name: string, task: unknown, transfer?: readonly Transferable[]) => Promise<unknown>) => Promise<T>,
  ): Promise<T> {
    return this.gate.run(subject, signal, async () => {
      try {
        return await work((name, task, transfer = []) => this.pool.run(name, task, { signal, transfer }));
      } finally {
        this.endedCount += 1;
      }
    });
  }

  /** Ends all threads; the work in them fails. */
  async end(): Promise<void> {
    await this.pool.end();
  }
}
