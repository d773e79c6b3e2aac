import { setTimeout as sleep } from 'node:timers/promises';
import type { Drydock } from '../servers/drydock';

const SAMPLE_MS = 10;

/** A wait for a lock. */
export interface LockWait {
  readonly ms: number;
  /** the statement that waits, and those that hold the lock, with what they wait for themselves */
  readonly story: string;
}

const NONE: LockWait = { ms: 0, story: 'nobody waits' };

/** The longest wait for a lock right now. Nobody waits long for what serializes jobs, but on purpose. */
const LONGEST = `select (extract(epoch from clock_timestamp() - l.waitstart) * 1000)::float8 as ms,
    format('%s: %s; held by %s', l.locktype, left(a.query, 200), (
      select string_agg(format('%s (%s, %s)', left(b.query, 200), b.state, b.wait_event), '; ')
      from pg_stat_activity b where b.pid = any(pg_blocking_pids(l.pid)))) as story
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where not l.granted and l.locktype <> 'advisory' and l.waitstart is not null order by l.waitstart limit 1`;

/** Runs `work`, and resolves to the longest wait for a lock in its database, to about 10 ms. */
export async function longestLockWait(server: Drydock, work: () => Promise<unknown>): Promise<LockWait> {
  let longest = NONE;
  let isOver = false;
  const watching = server.session(async (run) => {
    while (!isOver) {
      const [row] = await run(LONGEST);
      const ms = Number(row?.['ms'] ?? 0);
      if (ms > longest.ms) longest = { ms, story: String(row?.['story']) };
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
