import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { assertConfirmed, requireAdministratorLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
import { recordEvent, type Doer } from '../audit/audit';
import type { AccountStatus } from '../accounts/user-list';
import { lockAccounts, updateStatus, type LockedAccount } from '../accounts/locks';
import { endCredentials, endLinks, endUnbacked } from '../accounts/endings';
import { normalizeUsername, noSuchUser } from '../accounts/account-rules';
import { assertNotOnlyAdministrator, assertNotSoleOwner } from './owners';

/**
 * Sets whether an account is active, an administrator, or both; for administrators.
 *
 * @param changes - undefined fields stay as they are
 * @param assertCurrent - throws if the current status must not be changed
 * @throws AppError `not_found`; `conflict` for the last active administrator, and for the only active owner of an
 *   organization; what `assertCurrent` throws; those of `assertConfirmed` and `requireAdministratorLogin`
 */
export async function setStatus(
  ctx: Needs<'db'>,
  actor: Actor,
  username: string,
  changes: Partial<AccountStatus>,
  assertCurrent: (status: AccountStatus) => void = () => undefined,
): Promise<void> {
  assertConfirmed(actor);
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  await inTransaction(ctx.db, async (tx) => {
    const [user] = await lockAccounts(tx, [normalizeUsername(username)]);
    if (user === undefined) throw noSuchUser(username);
    const before = { isActive: user.is_active, isAdmin: user.is_admin };
    assertCurrent(before);
    const after = { ...before, ...changes };
    if (user.robot_of !== null && after.isAdmin) throw new AppError('conflict', 'A robot cannot be an administrator');
    if (!(after.isActive && after.isAdmin)) await assertNotOnlyAdministrator(tx, user);
    if (before.isActive && !after.isActive) await assertNotSoleOwner(tx, user);
    await updateStatus(tx, {
      id: user.id,
      is_active: after.isActive,
      is_admin: after.isAdmin,
      ends_waiting: changes.isActive !== undefined,
    });
    if (after.isActive && !before.isActive && !user.awaits_confirmation) await endCredentials(tx, user.id);
    if (before.isActive && !after.isActive) await endLinks(tx, user.id);
    await endUnbacked(tx, doer, { userIds: [user.id] });
    await recordChanges(tx, user, { before, after }, doer);
  });
}

async function recordChanges(
  tx: Db,
  { username: subject }: LockedAccount,
  { before, after }: { before: AccountStatus; after: AccountStatus },
  doer: Doer,
): Promise<void> {
  if (before.isActive !== after.isActive) {
    await recordEvent(tx, doer, { action: after.isActive ? 'user.activated' : 'user.deactivated', subject });
  }
  if (before.isAdmin !== after.isAdmin) {
    await recordEvent(tx, doer, { action: after.isAdmin ? 'user.admin_granted' : 'user.admin_revoked', subject });
  }
}
