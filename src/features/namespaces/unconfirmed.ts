import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { forgetUnverifiedEmails, listNeverConfirmed } from '../accounts/emails';
import { SERVER } from '../audit/audit';
import { removeAccount } from './account-deletion';

const DAYS = 7;

/**
 * Deletes what nobody has confirmed for a week: secondary addresses of accounts, and accounts without repositories that
 * wait for the confirmation of their first address.
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
      // At this moment the account was confirmed, or became an owner or an administrator.
      if (!(error instanceof AppError)) throw error;
    }
  }
  return { addresses, accounts };
}
