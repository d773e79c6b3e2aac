/** Why a process ends: somebody sent it a signal. */
export class Terminated extends Error {
  override readonly name = 'Terminated';

  constructor(readonly signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
  }
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Takes SIGTERM and SIGINT from now on, so that what was begun can be undone; call it before anything is. A second
 * signal ends the process at once.
 *
 * @param ignored - signals that mean nothing, and do not count
 * @returns aborted by the first signal, with a `Terminated` as the reason
 */
export function takeTermination(ignored: readonly NodeJS.Signals[] = []): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, (signal) => {
      if (ignored.includes(signal)) return;
      if (controller.signal.aborted) process.exit(1);
      controller.abort(new Terminated(signal));
    });
  }
  return controller.signal;
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
