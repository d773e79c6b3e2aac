import path from 'node:path';
import type { Transferable } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { hasCode } from '../error-code';

/** Work was given up because it took too long, or needed more memory than a thread may have. */
export class ThreadOverrun extends Error {
  override readonly name = 'ThreadOverrun';

  constructor(
    readonly kind: 'time' | 'memory',
    options?: ErrorOptions,
  ) {
    super(`a thread took more ${kind} than it may`, options);
  }
}

/** What the threads of a pool may use. */
export interface ThreadLimits {
  readonly threads: number;
  /** The limit of each thread's heap; buffers are not counted. */
  readonly heapMegabytes: number;
  /** The time after which a thread is ended in the middle of its work. */
  readonly longestMs: number;
  /** Urgent threads have the priority of the event loop, and not a lower one. */
  readonly isUrgent?: boolean;
}

const IDLE_MS = 30_000;

/** Threads run compiled code. Tests run this file from its source, and the code that they compile is in `dist`. */
function compiled(file: string): string {
  if (!__filename.endsWith('.ts')) return file;
  const root = path.resolve(__dirname, '../../..');
  return path.join(root, 'dist', path.relative(root, file));
}

/**
 * A few threads of one file, for work that would block the event loop. They start when there is work, and end when
 * there has been none for a while. If work is given up, its thread is ended with it, whatever it is doing.
 */
export class ThreadPool {
  private threads: Piscina | undefined;

  /** @param file - a JavaScript file whose export `name` is called with a task */
  constructor(
    private readonly file: string,
    private readonly limits: ThreadLimits,
  ) {}

  /**
   * @param task - copied to the thread, except for the objects in `transfer`
   * @param options.signal - ends the work
   * @throws ThreadOverrun; the reason of the signal; what the thread throws, as a plain Error
   */
  async run(
    name: string,
    task: unknown,
    options: { readonly signal: AbortSignal; readonly transfer?: readonly Transferable[] },
  ): Promise<unknown> {
    const { signal, transfer = [] } = options;
    this.threads ??= this.start();
    const ending = new AbortController();
    const end = (): void => ending.abort();
    const timer = setTimeout(end, this.limits.longestMs);
    signal.addEventListener('abort', end, { once: true });
    try {
      return await this.threads.run(task, { name, signal: ending.signal, transferList: [...transfer] as never });
    } catch (error) {
      signal.throwIfAborted();
      if (ending.signal.aborted) throw new ThreadOverrun('time', { cause: error });
      if (hasCode(error, 'ERR_WORKER_OUT_OF_MEMORY')) throw new ThreadOverrun('memory', { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }

  /** Ends all threads; the work in them fails. */
  async end(): Promise<void> {
    await this.threads?.destroy();
    this.threads = undefined;
  }

  private start(): Piscina {
    const { threads, heapMegabytes, isUrgent = false } = this.limits;
    const pool = new Piscina({
      filename: compiled(this.file),
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
      atomics: 'disabled', // a thread that blocks between two tasks would not receive the bytes that it asked for
      recordTiming: false,
      workerData: { isUrgent }, // for `takeThreadRank`
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    // This also handles a thread that nobody waits for, such as one whose task was given up: its unhandled error would
    // end the process.
    pool.on('error', () => undefined);
    return pool;
  }
}
