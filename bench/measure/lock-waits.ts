import { setTimeout as sleep } from 'node:timers/promises';
import type { Drydock } from '../servers/drydock';

const SAMPLE_MS = 10;

/** The longest wait for a lock right now. Nobody waits long for what serializes jobs, but on purpose. */
const LONGEST = `select coalesce(max(extract(epoch from clock_timestamp() - waitstart)) * 1000, 0)::float8 as ms
  from pg_locks where not granted and locktype <> 'advisory'`;

/** Runs `work`, and resolves to the milliseconds of the longest wait for a lock in its database, to about 10 ms. */
export async function longestLockWait(server: Drydock, work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isOver = false;
  const watching = server.session(async (run) => {
    while (!isOver) {
      longest = Math.max(longest, Number((await run(LONGEST))[0]?.['ms']));
      await sleep(SAMPLE_MS);
    }
  });
  try {
    await work();
  } finally {
    isOver = true;
    await watching;
  }
  return longest;
}
