import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../platform/errors';

/** How long a client waits for layers that nobody has read yet. */
export const LONGEST_WAIT_MS = 30_000;
const RETRY_SECONDS = 30;

/**
 * Waits for the reading of layers, which goes on after the client got the advice to come back.
 *
 * @throws AppError `unavailable` after `patienceMs`; what `work` throws before
 */
export async function withinPatience(work: Promise<unknown>, patienceMs = LONGEST_WAIT_MS): Promise<void> {
  const isDone = await Promise.race([work.then(() => true), sleep(patienceMs, false, { ref: false })]);
  if (isDone) return;
  work.catch(() => undefined);
  const options = { retryAfterSeconds: RETRY_SECONDS };
  throw new AppError('unavailable', 'The layers of this image are still being read', options);
}
