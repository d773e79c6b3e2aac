import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import type { Actor } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { confirmOwnership } from './confirmation';
import { checkLinkSecret, takeLinkSecret } from './email-links';
import { forgiveFailures } from './login-limits';
import { countMailAsk } from './mail-limits';
import { queuePasswordReset } from './mail-queue';
import { assertPassword, isMailable } from './account-rules';
import { authorizeAccount } from './own-account';
import { tellAccount } from './security-notices';
import { updatePassword } from './users.store';

/*
 * A link to set a new password goes to the verified primary address only, or to the address of the registration while
 * the account has no verified address at all. For 24 hours after the primary address changed, no link is sent: the
 * former address got a mail about the change, and most users read their mail within a day.
 */

/**
 * Sends a link with which to set a new password. Neither the answer nor its time depends on whether there is such an
 * account: the job looks that up.
 *
 * @param nameOrAddress - as it was typed
 * @param address - of the client that asks
 * @throws AppError `busy` after too many such requests from one address
 */
export async function requestPasswordReset(
  ctx: Needs<'db' | 'mailLimiters'>,
  nameOrAddress: string,
  address: string,
): Promise<void> {
  const mayHaveOne = await countMailAsk(ctx.mailLimiters, nameOrAddress, address);
  if (mayHaveOne && isMailable(nameOrAddress)) await queuePasswordReset(ctx.db, nameOrAddress);
}

/**
 * Sends the same link to an account, for administrators. The account needs an address that can get one.
 *
 * @throws AppError those of `authorizeAccount`
 */
export async function sendPasswordReset(ctx: Needs<'db'>, actor: Actor, name: string): Promise<void> {
  const { username, doer } = await authorizeAccount(ctx, actor, name, 'login');
  await inTransaction(ctx.db, async (tx) => {
    await queuePasswordReset(tx, username);
    await recordEvent(tx, doer, { action: 'user.password_reset_sent', subject: username });
  });
}

/**
 * The user whose password a link would set; changes nothing.
 *
 * @throws AppError `not_found` when the link is not good
 */
export async function describeReset(ctx: Needs<'db'>, secret: string): Promise<{ username: string }> {
  const { username } = await checkLinkSecret(ctx, 'reset', secret);
  return { username };
}

/**
 * Sets a new password with a mailed secret. This ends all sessions, tokens and other such links of the account. It also
 * confirms the address, because the mail to it was read.
 *
 * @param secret - from the link
 * @param address - of the client that sends it
 * @throws AppError `invalid` for a bad password, which leaves the link good; `not_found` when the link is not good
 */
export async function resetPassword(
  ctx: Needs<'db' | 'passwords' | 'loginLimiters'>,
  secret: string,
  password: string,
  address: string,
): Promise<{ username: string }> {
  assertPassword(password);
  await checkLinkSecret(ctx, 'reset', secret); // a client without a link must not make us hash
  const passwordHash = await ctx.passwords.hash(password);
  const { username } = await inTransaction(ctx.db, async (tx) => {
    const link = await takeLinkSecret(tx, 'reset', secret);
    const doer = { userId: link.user_id, name: link.username, address };
    await updatePassword(tx, link.user_id, passwordHash);
    const details = { by: 'mailed link' };
    await recordEvent(tx, doer, { action: 'user.password_changed', subject: link.username, details });
    await confirmOwnership(tx, link, address);
    await tellAccount(tx, link.user_id, 'password_changed', doer);
    return link;
  });
  await forgiveFailures(ctx.loginLimiters, username, address);
  return { username };
}
