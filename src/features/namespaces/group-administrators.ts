import type { Db } from '../../platform/db/db';
import { noSuchUser } from '../accounts/account-rules';
import { endUnbacked } from '../accounts/endings';
import { activeAdminExists, lockAccounts, updateStatus } from '../accounts/locks';
import { recordEvent, type Doer } from '../audit/audit';

/**
 * Makes an account an administrator because it is in the group of administrators, or an ordinary one again because it no
 * longer is. An administrator whom a person made stays one, and so does the last active administrator.
 *
 * @param tx - the transaction of the sign-in
 * @param wanted.isIn - whether the account is in the group
 * @param wanted.wasMade - whether the group made it an administrator before
 * @param wanted.group - its name; undefined: none is configured now
 * @returns whether it is an administrator because of the group now
 * @throws AppError `not_found` when the account is gone
 */
export async function setAdministratorOf(
  tx: Db,
  { userId, username }: { readonly userId: number; readonly username: string },
  { isIn, wasMade, group }: { readonly isIn: boolean; readonly wasMade: boolean; readonly group: string | undefined },
  doer: Doer,
): Promise<boolean> {
  const [user] = await lockAccounts(tx, [username]);
  if (user === undefined) throw noSuchUser(username);
  if (isIn && user.is_admin) return wasMade;
  if (!isIn && (!wasMade || !user.is_admin)) return false;
  if (!isIn && !(await activeAdminExists(tx, userId))) return true;
  await updateStatus(tx, { id: userId, is_active: user.is_active, is_admin: isIn, ends_waiting: false });
  if (!isIn) await endUnbacked(tx, doer, { userIds: [userId] });
  const action = isIn ? 'user.admin_granted' : 'user.admin_revoked';
  await recordEvent(tx, doer, { action, subject: username, details: group === undefined ? {} : { group } });
  return isIn;
}
