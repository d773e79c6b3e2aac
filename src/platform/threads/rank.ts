import { getPriority, setPriority } from 'node:os';
import { isMainThread, workerData } from 'node:worker_threads';

const NICE = 10;

/**
 * Gives this thread a lower priority than the rest of the process, unless its pool is urgent. On Linux each thread has
 * a priority of its own; elsewhere this would lower the whole process, so nothing is done.
 */
export function takeThreadRank(): void {
  const { isUrgent = false } = (workerData ?? {}) as { readonly isUrgent?: boolean };
  if (isMainThread || isUrgent || process.platform !== 'linux') return;
  try {
    if (getPriority() < NICE) setPriority(NICE);
  } catch {
    // The system does not allow it; the work runs all the same.
  }
}
