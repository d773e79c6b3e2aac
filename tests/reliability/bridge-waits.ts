import { setTimeout as sleep } from 'node:timers/promises';
import type { KillableServer } from '../helpers/killable-server';

/* Waits of tests that kill a server. Each of them ends, and then says what did not come. */

/** Longer than anything takes on a busy machine. */
const LONGEST_MS = 60_000;
const POLL_MS = 10;

/** Resolves as the work does, or fails when that takes too long. */
export async function within<T>(what: string, work: PromiseLike<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(LONGEST_MS, 'late' as const, { signal: over.signal }).catch(() => 'over' as const);
  try {
    const first = await Promise.race([work.then((result) => ({ result })), late]);
    if (typeof first === 'string') throw new Error(`waited ${LONGEST_MS / 1000} s for ${what}`);
    return first.result;
  } finally {
    over.abort();
  }
}

/**
 * Waits until something is so, or fails when that takes too long.
 *
 * @param seen - what the failure shows
 */
export async function until(what: string, isSo: () => Promise<boolean>, seen: () => Promise<unknown>): Promise<void> {
  const giveUpAt = performance.now() + LONGEST_MS;
  while (!(await within(what, isSo()))) {
    if (performance.now() > giveUpAt)
      throw new Error(`waited ${LONGEST_MS / 1000} s for ${what}: ${JSON.stringify(await seen())}`);
    await sleep(POLL_MS);
  }
}

/** Starts the next server on the same data, or fails with what the servers have logged. */
export async function startAgain(place: KillableServer): Promise<void> {
  try {
    await within('the start of the server', place.restart());
  } catch (error) {
    throw new Error(`the server did not start again; the log: ${place.log.slice(-10).join('\n')}`, { cause: error });
  }
}
