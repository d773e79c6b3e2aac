import type { Needs } from '../../context';
import type { Actor } from '../access/actor';
import { verifyFirstFactor } from './credentials';
import { authorizeAccount } from './own-account';
import { changeUser } from './users';

type Changing = Needs<'db' | 'log' | 'passwords' | 'loginLimiters' | 'recentLogins'>;

/**
 * Sets a new password. The owner gives the present one, too, although they are logged in: somebody else may use a browser
 * that they left open, and must not shut them out. Administrators give none for others.
 *
 * @param given.current - of the account itself
 * @throws AppError `invalid` for a bad new password, `busy` after too many wrong ones; those of `authorizeAccount`
 */
export async function changePassword(
  ctx: Changing,
  actor: Actor,
  name: string,
  { password, current }: { readonly password: string; readonly current: string },
): Promise<'changed' | 'wrong'> {
  const account = await authorizeAccount(ctx, actor, name, 'login');
  const { username, isOwn } = account;
  if (isOwn && (await verifyFirstFactor(ctx, username, current, actor.address)) === undefined) return 'wrong';
  await changeUser(ctx, account, { password });
  return 'changed';
}
