import type { Needs } from '../../../context';
import * as accounts from './accounts.store';
import { revokeTokens } from './provider-calls';

/**
 * Ends unlinked accounts, and accounts whose user is gone, when nothing is left to remove at the provider: their tokens
 * end there, and their rows are deleted.
 *
 * @returns how many
 */
export async function endUnlinked(ctx: Needs<'db' | 'log' | 'gitProviders'>): Promise<number> {
  const ended = await accounts.listEnded(ctx.db);
  for (const row of ended) {
    await revokeTokens(ctx, row);
    await accounts.remove(ctx.db, row.id);
  }
  return ended.length;
}
