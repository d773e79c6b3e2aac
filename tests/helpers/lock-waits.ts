import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../../src/platform/db/db';

/** Waits until a statement waits for the lock of another transaction. */
export async function untilOneWaits(db: Db): Promise<void> {
  for (;;) {
    const { rows } = await db.raw<{ rows: unknown[] }>(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return;
    await sleep(10);
  }
}
