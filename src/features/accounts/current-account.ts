import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { identityOf, type Account, type Actor } from './actor';
import { findById } from './users.store';

/**
 * The account behind an actor, as it is now.
 *
 * @throws AppError `unauthenticated` for an anonymous actor, or when the account is gone or its password has changed;
 *   `inactive`
 */
export async function getAccount(ctx: Needs<'db'>, actor: Actor): Promise<Account> {
  const identity = identityOf(actor);
  const user = identity === undefined ? undefined : await findById(ctx.db, identity.userId);
  if (user === undefined || user.credentials_epoch !== identity?.credentialsEpoch) {
    throw new AppError('unauthenticated', 'Requires authorization');
  }
  if (!user.is_active) throw new AppError('inactive', 'Account is not Active');
  return { userId: user.id, username: user.username, isAdmin: user.is_admin };
}
