import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { getAccount } from '../access/current-account';
import { activeAdminExists, lockAccount, type LockedAccount } from '../accounts/locks';
import * as store from './owners.store';
import { noSuchUser } from '../accounts/account-rules';

/*
 * An organization always has an owner who can log in, and the site always has an administrator who can. All code that
 * takes this from an account checks it here, in its transaction, after it has locked the account; see
 * `accounts/locks.ts`.
 */

/**
 * Refuses if organizations of the account would be left without an owner who can log in.
 *
 * @param tx - the transaction in which the account is locked
 * @throws AppError `conflict`
 */
export async function assertNotSoleOwner(tx: Db, user: Pick<LockedAccount, 'id' | 'username'>): Promise<void> {
  await store.lockOwnedTeams(tx, user.id);
  const orphans = await store.findOrphanedBy(tx, user.id);
  if (orphans.length === 0) return;
  const each = orphans.length === 1 ? 'it' : 'each';
  throw new AppError(
    'conflict',
    `${user.username} is the only active owner of ${orphans.join(', ')}. Give ${each} another owner first`,
  );
}

/** What keeps an account from being deleted until another account has it as well. */
export interface SoleRights {
  /** organizations of which it is the only active owner */
  readonly organizations: readonly string[];
  /** it is the only active administrator */
  readonly isOnlyAdministrator: boolean;
}

/**
 * What would be left without an owner or an administrator if the actor's account were deleted now.
 *
 * @throws AppError as `getAccount`
 */
export async function findSoleRights(ctx: Needs<'db'>, actor: Actor): Promise<SoleRights> {
  const { userId, isAdmin } = await getAccount(ctx, actor);
  const isOnlyAdministrator = isAdmin && !(await activeAdminExists(ctx.db, userId));
  return { organizations: await store.findOrphanedBy(ctx.db, userId), isOnlyAdministrator };
}

/**
 * Refuses if the account is the last administrator who can log in.
 *
 * @param tx - the transaction in which the account and all administrators are locked
 * @throws AppError `conflict`
 */
export async function assertNotOnlyAdministrator(tx: Db, user: LockedAccount): Promise<void> {
  if (!user.is_admin || !user.is_active || (await activeAdminExists(tx, user.id))) return;
  throw new AppError(
    'conflict',
    `${user.username} is the only active administrator: make another account an administrator first`,
  );
}

/** @throws AppError `conflict` unless it is the active account of a person */
export function assertMayOwn(user: LockedAccount): void {
  if (user.robot_of !== null)
    throw new AppError('conflict', `${user.username} is a robot and cannot own an organization`);
  if (!user.is_active) throw new AppError('conflict', `${user.username} is not active and cannot own an organization`);
}

/**
 * Locks the account that is about to own an organization.
 *
 * @throws AppError `not_found` when the account is gone, and as `assertMayOwn`
 */
export async function lockNewOwner(tx: Db, owner: { userId: number; username: string }): Promise<void> {
  const user = await lockAccount(tx, owner.userId);
  if (user === undefined) throw noSuchUser(owner.username);
  assertMayOwn(user);
}
