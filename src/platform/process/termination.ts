/** Why a process ends: somebody sent it a signal. */
export class Terminated extends Error {
  override readonly name = 'Terminated';

  constructor(readonly signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
  }
}

/** What a process that is about to end could not finish. Whoever throws it has told the log. */
export class UncleanStop extends Error {
  override readonly name = 'UncleanStop';
}

/** The two wishes of whoever ends a process. */
export interface Termination {
  /** aborted by the first signal, with a `Terminated` as the reason: finish what is in flight, take nothing new */
  readonly stopping: AbortSignal;
  /** aborted when somebody does not want to wait for that: cut off what is in flight, and still let go of everything */
  readonly hurry: AbortSignal;
}

/** A supervisor's stop, Ctrl-C, and a terminal that was closed. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** One Ctrl-C may arrive twice: from the terminal, and from npm, which passes it on. */
const SAME_CTRL_C_MS = 2000;

/**
 * Takes SIGTERM, SIGINT and SIGHUP from now on, so that what was begun can be undone; call it before anything is. No
 * signal ends the process by itself any more: `timeout` and npm send theirs twice, and systemd may send SIGHUP after
 * SIGTERM. Only Ctrl-C, pressed again two seconds or more after the first signal, says that somebody waits.
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

/** For a process that ends when another one says so: the same signals, sent to the whole group, mean nothing to it. */
export function ignoreTermination(): void {
  for (const name of SIGNALS) process.on(name, () => undefined);
}

/**
 * Lets the process outlive whoever reads its output: a terminal that is closed, or a pipe. What it writes from then on
 * is lost.
 */
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

/** Ends the process as the signal would have done, had nobody taken it. */
export function dieOf({ signal }: Terminated): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
