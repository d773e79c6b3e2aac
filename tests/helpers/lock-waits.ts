import type { Db } from '../../src/platform/db/db';
import { waitUntil } from './wait-until';

/**
 * Takes locks, runs `start` until it waits for one of them, and then `meanwhile`, before they are free again.
 *
 * @param lock - in the transaction that holds them, as is `meanwhile`
 * @returns what `start` resolves to
 */
export async function meetLocks<T>(
  db: Db,
  lock: (tx: Db) => Promise<unknown>,
  start: () => Promise<T>,
  meanwhile: (tx: Db) => Promise<unknown>,
): Promise<T> {
  const run = await db.transaction(async (tx) => {
    await lock(tx);
    const started = start();
    await untilOneWaits(db);
    await meanwhile(tx);
    return { started };
  });
  return run.started;
}

/** Waits until a statement waits for the lock of another transaction. */
export async function untilOneWaits(db: Db): Promise<void> {
  await waitUntil('a statement that waits for a lock', async () => {
    const { rows } = await db.raw<{ rows: unknown[] }>(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  });
}
