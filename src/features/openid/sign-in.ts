import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordLogin } from '../audit/audit';
import { lockAccounts } from '../accounts/locks';
import { logInIdentified, type Browser, type LoggedIn } from '../accounts/login';
import { isRecentLogin, type ProviderUser } from './claims';
import { followGroups } from './groups';
import * as store from './identities.store';

/** The outcome of a sign-in; `unknown`: no account is linked to the user of the provider. */
export type SignedIn =
  | LoggedIn
  | { readonly kind: 'code_needed'; readonly ticket: string } // the account has a second factor
  | { readonly kind: 'unknown' };

/**
 * Signs in a user of the provider whose account is known. Their teams follow the groups that the provider says.
 *
 * @throws AppError `inactive`
 */
export async function signIn(
  ctx: Needs<'db' | 'log' | 'settings' | 'tokenKey'>,
  user: ProviderUser,
  browser: Browser,
): Promise<SignedIn> {
  const identity = await store.find(ctx.db, user.issuer, user.subject);
  if (identity === undefined) return { kind: 'unknown' };
  const { user_id: userId, username: subject } = identity;
  const doer = { userId, name: subject, address: browser.address };
  const by = 'openid';
  if (!identity.is_active) {
    await recordLogin(ctx, doer, { action: 'login.failed', subject, details: { by, reason: 'inactive' } });
    throw new AppError('inactive', 'Account is not Active');
  }
  await recordLogin(ctx, doer, { action: 'login.ok', subject, details: { by } });
  const isLinked = await inTransaction(ctx.db, async (tx) => {
    await lockAccounts(tx, [subject]);
    // It may have been unlinked, or have become another, since it was found.
    const locked = await store.findOf(tx, userId, identity.id);
    if (locked === undefined) return false;
    await followGroups(ctx, tx, { ...locked, doer }, user);
    await store.touch(tx, locked.id, user.email);
    return true;
  });
  if (!isLinked) return { kind: 'unknown' };
  const start = { isConfirmed: isRecentLogin(user) === true, details: { by } };
  return (await logInIdentified(ctx, userId, browser, start)) ?? { kind: 'unknown' };
}
