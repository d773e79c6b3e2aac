import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { findGarbage, freeGarbage } from './garbage';
import { retryAfterCollision } from './gc-collisions';
import { hasFreed, ProgressWatch, type Freed } from './gc-progress';
import type { GcOptions, GcRepository } from './gc-options';

/** Not an error: thrown to roll back a dry run. */
class DryRunRollback extends Error {}

/**
 * A dry run deletes, counts, and rolls back. Until then pushes of the same images wait, so it takes a few repositories at a
 * time. It does not count what only repositories of different groups share; copies mostly have names that follow each other.
 */
const SIMULATED_AT_ONCE = 8;

type DryRunNeeds = Needs<'db' | 'blobReferrers' | 'settings'>;

async function simulateSome(
  ctx: DryRunNeeds,
  repositories: readonly GcRepository[],
  olderThanMs: number,
): Promise<Freed[]> {
  const found: Freed[] = [];
  try {
    await inLongTransaction(ctx.db, async (tx) => {
      found.length = 0;
      for (const { id, namespace, name } of repositories) {
        const garbage = await findGarbage(ctx, tx, id, olderThanMs);
        const { freed } = await freeGarbage(ctx, tx, id, olderThanMs, garbage);
        found.push({ namespace, name, ...freed });
      }
      throw new DryRunRollback();
    });
  } catch (error) {
    if (!(error instanceof DryRunRollback)) throw error;
  }
  return found;
}

/**
 * Finds out what a gc of these repositories would free.
 *
 * @returns those that have anything to free
 * @throws the reason that `signal` was aborted with
 */
export async function simulateGc(
  ctx: DryRunNeeds,
  repositories: readonly GcRepository[],
  options: GcOptions,
): Promise<Freed[]> {
  const done: Freed[] = [];
  const watch = new ProgressWatch(options, repositories.length);
  for (let at = 0; at < repositories.length; at += SIMULATED_AT_ONCE) {
    const group = repositories.slice(at, at + SIMULATED_AT_ONCE);
    for (const freed of await retryAfterCollision(() => simulateSome(ctx, group, options.olderThanMs))) {
      if (hasFreed(freed)) done.push(freed);
      watch.take(freed);
    }
  }
  return done;
}
