import type { Needs } from '../../../context';
import { inTransaction } from '../../../platform/db/db';
import * as accounts from './accounts.store';
import { revokeTokens } from './provider-calls';
import { abandonRemotes } from './remotes';
import { queueMissing, queueRemoval } from './remotes-queue';
import { beginRemovals } from './remotes.store';

/** How long the removal of a hook and a key is tried. */
const REMOVAL_DAYS = 7;

/**
 * Ends unlinked accounts, and accounts whose user is gone, when nothing is left to remove at the provider: their tokens
 * end there, and their rows are deleted.
 *
 * @returns how many
 */
async function endUnlinked(ctx: Needs<'db' | 'log' | 'gitProviders'>): Promise<number> {
  const ended = await accounts.listEnded(ctx.db);
  for (const row of ended) {
    await revokeTokens(ctx, row);
    await accounts.remove(ctx.db, row.id);
  }
  return ended.length;
}

/**
 * Looks after what unlinked accounts, removed sources and deleted repositories and accounts left at providers: queues its
 * removal, gives up what could not be removed for a week, and ends accounts that have nothing left.
 *
 * @returns how many of each
 */
export async function tendLinkedAccounts(
  ctx: Needs<'db' | 'log' | 'gitProviders' | 'publicUrl'>,
): Promise<{ readonly removals: number; readonly abandoned: number; readonly accounts: number }> {
  await queueMissing(ctx);
  const removals = await inTransaction(ctx.db, async (tx) => {
    const ids = await beginRemovals(tx);
    for (const id of ids) await queueRemoval(tx, id);
    return ids.length;
  });
  return { removals, abandoned: await abandonRemotes(ctx, REMOVAL_DAYS), accounts: await endUnlinked(ctx) };
}
