import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { forgetUnverifiedEmails, listNeverConfirmed } from '../accounts/emails';
import { SERVER } from '../audit/audit';
import { removeAccount } from './account-deletion';

const DAYS = 7;

/**
 * Forgets what nobody has confirmed for a week: further addresses of accounts, and accounts that wait for their first one
 * and have no repositories.
 *
 * @returns how many there were
 */
export async function forgetUnconfirmed(ctx: Needs<'db'>): Promise<{ addresses: number; accounts: number }> {
  const addresses = await forgetUnverifiedEmails(ctx, DAYS);
  let accounts = 0;
  for (const username of await listNeverConfirmed(ctx, DAYS)) {
    try {
      await removeAccount(ctx, username, SERVER, () => Promise.resolve());
      accounts += 1;
    } catch (error) {
      // It was confirmed, or somebody gave it a part to play, in this moment.
      if (!(error instanceof AppError)) throw error;
    }
  }
  return { addresses, accounts };
}
