import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { assertConfirmed, requireAdministratorLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
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
  const { doer, isOwn } = await authorizeAccount(ctx, actor, username, 'login');
  // The event outlives its doer.
  const lasting = isOwn ? { ...doer, userId: undefined } : doer;
  await removeAccount(ctx, username, lasting, () => Promise.resolve());
}

/**
 * Deletes an account, and something else before it in the same transaction; for administrators.
 *
 * @param before - gets the locked account, and the doer; if it throws, the account stays
 * @throws AppError as `removeAccount`; those of `assertConfirmed` and `requireAdministratorLogin`
 */
export async function deleteUserAccountWith<T>(
  ctx: Needs<'db'>,
  actor: Actor,
  username: string,
  before: (tx: Db, user: LockedAccount, doer: Doer) => Promise<T>,
): Promise<T> {
  assertConfirmed(actor);
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  return removeAccount(ctx, username, doer, before);
}

/**
 * Deletes an account whose deletion was decided already.
 *
 * @param before - gets the locked account, and the doer; if it throws, the account stays
 * @throws AppError `not_found`, `conflict` as `deleteUserAccount`
 */
export async function removeAccount<T>(
  ctx: Needs<'db'>,
  username: string,
  doer: Doer,
  before: (tx: Db, user: LockedAccount, doer: Doer) => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const user = await lockForEnd(tx, username);
      const result = await before(tx, user, doer);
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
