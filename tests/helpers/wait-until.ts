import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than anything takes on a busy machine. */
const LONGEST_MS = 90_000;
const POLL_MS = 10;

/**
 * Asks again and again until it is so.
 *
 * @param what - what the failure says did not come
 * @throws Error when it takes too long
 */
export async function waitUntil(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + LONGEST_MS;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`waited ${LONGEST_MS / 1000} s for ${what}`);
    await sleep(POLL_MS);
  }
}
