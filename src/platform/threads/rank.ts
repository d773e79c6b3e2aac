import { getPriority, setPriority } from 'node:os';
import { isMainThread, workerData } from 'node:worker_threads';

const NICE = 10;

/**
 * Puts this thread below everything else that the process does, unless its pool is urgent. On Linux each thread has a
 * rank of its own; elsewhere it would be the whole process that goes down, so nothing is done.
 */
export function takeThreadRank(): void {
  const { isUrgent = false } = (workerData ?? {}) as { readonly isUrgent?: boolean };
  if (isMainThread || isUrgent || process.platform !== 'linux') return;
  try {
    if (getPriority() < NICE) setPriority(NICE);
  } catch {
    // Not allowed here: the work is done all the same.
  }
}
