import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { recordEvent } from '../audit/audit';
import { confirmOwnership } from './confirmation';
import { checkLinkSecret, takeLinkSecret } from './email-links';
import { forgiveFailures } from './login-limits';
import { countMailAsk } from './mail-limits';
import { queuePasswordReset } from './mail-queue';
import { assertPassword, isMailable } from './account-rules';
import { tellAccount } from './security-notices';
import { updatePassword } from './users.store';

/*
 * A link to set a new password goes to the verified primary address only; while an account has no verified address at
 * all, to the one that it was registered with. For 24 hours after the primary address changed there is none: mail is read
 * within a day, and whoever had the address before was told.
 */

/**
 * Sends a link with which to set a new password. Neither the answer nor its time depends on whether there is such an
 * account: that is looked up by the job.
 *
 * @param nameOrAddress - as it was typed
 * @param address - of whoever asks
 * @throws AppError `busy` after too many of these from one address
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
 * Whose password a link would set; changes nothing.
 *
 * @throws AppError `not_found` when the link is useless
 */
export async function describeReset(ctx: Needs<'db'>, secret: string): Promise<{ username: string }> {
  const { username } = await checkLinkSecret(ctx, 'reset', secret);
  return { username };
}

/**
 * Sets a new password with a mailed secret. That ends all sessions, tokens and other such links of the account; and as
 * the mail was read, the address that it went to is confirmed, too.
 *
 * @param secret - from the link
 * @param address - of whoever brings it
 * @throws AppError `invalid` for a bad password, which leaves the link good; `not_found` when the link is useless
 */
export async function resetPassword(
  ctx: Needs<'db' | 'passwords' | 'loginLimiters'>,
  secret: string,
  password: string,
  address: string,
): Promise<{ username: string }> {
  assertPassword(password);
  await checkLinkSecret(ctx, 'reset', secret); // whoever has none shall not make us hash
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
