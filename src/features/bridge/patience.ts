import { setTimeout as sleep } from 'node:timers/promises';
import type { Needs } from '../../context';
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

/** What reading layers in turn needs. */
export type TurnNeeds = Needs<'layerDescriptions'>;

/**
 * Reads layers when it is the turn of their namespace, whose pushers chose what they cost (decision 15). It goes on when the
 * client has left: the next one needs it, too.
 *
 * @throws AppError `busy` when too many wait; what `work` throws
 */
export async function inTurnOf<T>(ctx: TurnNeeds, namespace: string, work: () => Promise<T>): Promise<T> {
  return ctx.layerDescriptions.run(namespace, new AbortController().signal, work);
}
