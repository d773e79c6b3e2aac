import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import * as store from './forgetting.store';
import { forgetDeliveries } from './hooks/hooks.store';

const DAY_MS = 86_400_000;

/** How long what builds leave is kept; the last builds of a repository stay. */
export const KEPT = { logDays: 90, deliveryDays: 7, builderDays: 1, lastBuilds: 20 } as const;

/**
 * Forgets old builds and their logs, deliveries of hooks and builders that have stopped.
 *
 * @param olderThanMs - the age of the builds
 * @returns how many builds
 */
export async function forgetBuilds(ctx: Needs<'db'>, olderThanMs: number): Promise<number> {
  await forgetDeliveries(ctx.db, KEPT.deliveryDays * DAY_MS);
  await store.deleteBuilders(ctx.db, KEPT.builderDays * DAY_MS);
  return inLongTransaction(ctx.db, async (tx) => {
    await store.deleteLogs(tx, KEPT.logDays * DAY_MS);
    return store.deleteBuilds(tx, olderThanMs, KEPT.lastBuilds);
  });
}
