import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Account, Actor } from '../accounts/actor';
import { getAccountItself } from '../accounts/current-account';

/**
 * The administrator behind an actor who logged in by himself.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden` for everybody else
 */
export async function getAdministrator(ctx: Needs<'db'>, actor: Actor): Promise<Account> {
  const account = await getAccountItself(ctx, actor);
  if (!account.isAdmin) throw new AppError('forbidden', 'Only administrators may do this');
  return account;
}
