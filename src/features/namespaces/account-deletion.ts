import type { Needs } from '../../context';
import { inLongTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { deleteAccount, deleteNamespaceOf, lockAccounts, type LockedAccount } from '../accounts/locks';
import { endAccount } from '../accounts/endings';
import { authorizeAccount } from '../accounts/own-account';
import { normalizeUsername, noSuchUser } from '../accounts/account-rules';
import { recordEvent, type Doer } from '../audit/audit';
import { assertNotOnlyAdministrator, assertNotSoleOwner } from './owners';

/**
 * Deletes an account and its empty namespace; for the account itself and administrators.
 *
 * @throws AppError `not_found`, `conflict` while the namespace has repositories, for the last active administrator, or
 *   for the only active owner of an organization; those of `authorizeAccount` for a `login`
 */
export async function deleteUserAccount(ctx: Needs<'db'>, actor: Actor, username: string): Promise<void> {
  await deleteUserAccountWith(ctx, actor, username, () => Promise.resolve());
}

/** An account that is about to be deleted. */
export interface EndingAccount {
  /** locked */
  readonly user: LockedAccount;
  /** the actor is the account itself */
  readonly isOwn: boolean;
  /** for events, which outlive the account */
  readonly doer: Doer;
}

/**
 * Deletes an account, and something else before it in the same transaction; for the account itself and administrators.
 *
 * @param before - if it throws, the account stays
 * @throws AppError as `removeAccount`; those of `authorizeAccount` for a `login`
 */
export async function deleteUserAccountWith<T>(
  ctx: Needs<'db'>,
  actor: Actor,
  username: string,
  before: (tx: Db, account: EndingAccount) => Promise<T>,
): Promise<T> {
  const { doer: given, isOwn } = await authorizeAccount(ctx, actor, username, 'login');
  const doer = isOwn ? { ...given, userId: undefined } : given;
  return removeAccount(ctx, username, doer, (tx, user) => before(tx, { user, isOwn, doer }));
}

/**
 * Deletes an account whose deletion was decided already. What belongs to it goes with it, so that may take long.
 *
 * @param before - gets the locked account; if it throws, the account stays
 * @throws AppError `not_found`, `conflict` as `deleteUserAccount`
 */
export async function removeAccount<T>(
  ctx: Needs<'db'>,
  username: string,
  doer: Doer,
  before: (tx: Db, user: LockedAccount) => Promise<T>,
): Promise<T> {
  try {
    return await inLongTransaction(ctx.db, async (tx) => {
      const user = await lockForEnd(tx, username);
      const result = await before(tx, user);
      await endAccount(tx, doer, user);
      await deleteNamespaceOf(tx, user.id);
      await deleteAccount(tx, user.id);
      await recordEvent(tx, doer, { action: 'user.deleted', subject: user.username });
      return result;
    });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new AppError('conflict', `${username} still has repositories: delete them first`, { cause: error });
  }
}

/**
 * Locks an account that is about to be deleted, and everything that would be left without an owner or an administrator.
 *
 * @throws AppError `not_found`, `conflict` for the last active administrator, or for the only active owner
 */
async function lockForEnd(tx: Db, username: string): Promise<LockedAccount> {
  const [user] = await lockAccounts(tx, [normalizeUsername(username)]);
  if (user === undefined) throw noSuchUser(username);
  await assertNotOnlyAdministrator(tx, user);
  await assertNotSoleOwner(tx, user);
  return user;
}
