import type { Logger } from '../log/logger';

/** Why a process ends: it received a signal. */
export class Terminated extends Error {
  override readonly name = 'Terminated';

  constructor(readonly signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
  }
}

/** Thrown when a process could not finish something before its end. The thrower has already logged it. */
export class UncleanStop extends Error {
  override readonly name = 'UncleanStop';
}

/** The two requests to end a process. */
export interface Termination {
  /** Aborted by the first signal, with a `Terminated` as the reason: finish the work in flight, accept nothing new. */
  readonly stopping: AbortSignal;
  /**
   * Aborted by an operator who does not want to wait for that: cut off the work in flight, but still release
   * everything.
   */
  readonly hurry: AbortSignal;
}

/** A supervisor's stop, Ctrl-C, and a terminal that was closed. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** One Ctrl-C may arrive twice: from the terminal, and from npm, which passes it on. */
const SAME_CTRL_C_MS = 2000;

/**
 * Handles SIGTERM, SIGINT and SIGHUP from now on, so that a started process can clean up; call it before starting
 * anything. A signal then no longer ends the process by itself: `timeout` and npm send theirs twice, and systemd may
 * send SIGHUP after SIGTERM. Only Ctrl-C, pressed again two seconds or more after the first signal, means that the
 * operator does not want to wait.
 */
export function takeTermination(): Termination {
  const stopping = new AbortController();
  const hurry = new AbortController();
  let firstAt = 0;
  for (const name of SIGNALS) {
    process.on(name, (signal) => {
      if (!stopping.signal.aborted) {
        firstAt = performance.now();
        stopping.abort(new Terminated(signal));
      } else if (signal === 'SIGINT' && performance.now() - firstAt >= SAME_CTRL_C_MS) {
        hurry.abort(new Terminated(signal));
      }
    });
  }
  return { stopping: stopping.signal, hurry: hurry.signal };
}

/** For a process that ends when another one says so: it ignores the same signals, which are sent to the whole group. */
export function ignoreTermination(): void {
  for (const name of SIGNALS) process.on(name, () => undefined);
}

/** What is released after the work in flight takes seconds, unless the database hangs. A supervisor kills after 30. */
const RELEASE_MS = 25_000;

/**
 * Ends the process with code 1 if a stop that begins now takes too long. What it leaves is what a kill leaves.
 *
 * @param drainMs - how long the work in flight may take
 */
export function boundStop(drainMs: number, log: Logger): void {
  const onLate = (): void => {
    log.error(
      `could not stop within ${RELEASE_MS / 1000} seconds after draining, not waiting any longer: the database may hang`,
    );
    process.exit(1);
  };
  setTimeout(onLate, drainMs + RELEASE_MS).unref();
}

/** Lets the process outlive the reader of its output, such as a closed terminal or a pipe. Its later output is lost. */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Rejects with the signal's reason once it is aborted; never resolves. */
export async function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Ends the process as the signal would have done without our handler. */
export function dieOf({ signal }: Terminated): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
