import type { Needs } from '../../context';
import type { Actor } from '../access/actor';
import { verifyFirstFactor } from './credentials';
import { authorizeAccount } from './own-account';
import { changeUser, hasPassword } from './users';

type Changing = Needs<'db' | 'log' | 'passwords' | 'loginLimiters' | 'recentLogins' | 'recentlySeen'>;

/**
 * Sets a new password. The owner must give the current one too, although they are logged in: another person who uses a
 * browser that they left open must not lock them out. Administrators do not give the password of another user. An account
 * without a password gets its first one.
 *
 * @param given.current - the current password of the account
 * @throws AppError `invalid` for a bad new password, `busy` after too many wrong passwords; those of `authorizeAccount`
 */
export async function changePassword(
  ctx: Changing,
  actor: Actor,
  name: string,
  { password, current }: { readonly password: string; readonly current: string },
): Promise<'changed' | 'wrong'> {
  const account = await authorizeAccount(ctx, actor, name, 'login');
  const { username, isOwn } = account;
  const isKnown = isOwn && (await hasPassword(ctx, username));
  if (isKnown && (await verifyFirstFactor(ctx, username, current, actor.address)) === undefined) return 'wrong';
  await changeUser(ctx, account, { password });
  return 'changed';
}
