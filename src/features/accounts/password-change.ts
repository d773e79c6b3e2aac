import type { Needs } from '../../context';
import type { Actor } from '../access/actor';
import { verifyFirstFactor } from './credentials';
import { authorizeAccount } from './own-account';
import { updateUser } from './users';

type Changing = Needs<'db' | 'log' | 'passwords' | 'loginLimiters' | 'recentLogins'>;

/**
 * Sets a new password. Its owner gives the present one, too, although they are logged in: somebody may have left a browser
 * open, which must not shut the owner out. Administrators give none for others.
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
  const { username, isOwn } = await authorizeAccount(ctx, actor, name, 'login');
  if (isOwn && (await verifyFirstFactor(ctx, username, current, actor.address)) === undefined) return 'wrong';
  await updateUser(ctx, actor, username, { password });
  return 'changed';
}
