import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import type { Actor } from './actor';
import { getAccount } from './current-account';
import { doerOf } from './doer';
import { checkLinkSecret, takeLinkSecret } from './email-links';
import type { LinkRow } from './email-links.store';
import { activateWaiting, findEmailOf, lockUser, updatePrimary, verifyEmail, type EmailRow } from './emails.store';
import { countMailAsk } from './mail-limits';
import { queueConfirmation, queueConfirmationAgain } from './mail-queue';
import { isMailable } from './rules';

/**
 * Whose address a link would confirm; changes nothing.
 *
 * @throws AppError `not_found` when the link is useless
 */
export async function describeConfirmation(ctx: Needs<'db'>, secret: string): Promise<{ username: string }> {
  const { username } = await checkLinkSecret(ctx, 'confirm', secret);
  return { username };
}

/**
 * Confirms the address that a secret was mailed to, and so the account, if that waits for it.
 *
 * @param secret - from the link
 * @param address - of whoever brings it
 * @returns whose address it is, and whether the account can log in now
 * @throws AppError `not_found` when the link is useless
 */
export async function confirmEmail(
  ctx: Needs<'db'>,
  secret: string,
  address: string,
): Promise<{ username: string; isActive: boolean }> {
  return inTransaction(ctx.db, async (tx) => {
    const link = await takeLinkSecret(tx, 'confirm', secret);
    await confirmOwnership(tx, link, address);
    return { username: link.username, isActive: link.is_active || link.awaits_confirmation };
  });
}

/**
 * What follows from a mailed link that was opened: the address is the account's.
 *
 * @param tx - in which the link is used up
 */
export async function confirmOwnership(tx: Db, link: LinkRow, address: string): Promise<void> {
  const doer: Doer = { userId: link.user_id, name: link.username, address };
  if (await verifyEmail(tx, link.email_id)) {
    await recordEvent(tx, doer, { action: 'user.email_confirmed', subject: link.username });
  }
  if (await activateWaiting(tx, link.user_id)) {
    await recordEvent(tx, doer, { action: 'user.activated', subject: link.username });
  }
}

/**
 * Sends the mail to confirm an address once more, for whoever cannot log in. Neither the answer nor its time depends on
 * whether there is such an account.
 *
 * @param nameOrAddress - as it was typed
 * @param address - of whoever asks
 * @throws AppError `busy` after too many of these from one address
 */
export async function requestConfirmation(
  ctx: Needs<'db' | 'mailLimiters'>,
  nameOrAddress: string,
  address: string,
): Promise<void> {
  const mayHaveOne = await countMailAsk(ctx.mailLimiters, nameOrAddress, address);
  if (mayHaveOne && isMailable(nameOrAddress)) await queueConfirmationAgain(ctx.db, nameOrAddress);
}

/** @throws AppError `not_found` */
async function ownEmail(db: Db, userId: number, email: string): Promise<EmailRow> {
  const row = email.includes('\0') ? undefined : await findEmailOf(db, userId, email);
  if (row === undefined) throw new AppError('not_found', 'No such address');
  return row;
}

/**
 * Sends the mail to confirm one of the actor's own addresses once more.
 *
 * @throws AppError `not_found`; `conflict` when it is confirmed; `busy` after too many of these; those of `getAccount`
 */
export async function resendConfirmation(
  ctx: Needs<'db' | 'mailLimiters'>,
  actor: Actor,
  email: string,
): Promise<void> {
  const { userId, username } = await getAccount(ctx, actor);
  const row = await ownEmail(ctx.db, userId, email);
  if (row.is_verified) throw new AppError('conflict', 'This address is confirmed already');
  const mayHaveOne = await countMailAsk(ctx.mailLimiters, username, actor.address);
  if (!mayHaveOne) throw new AppError('busy', 'Too many mails were asked for, try again later');
  await queueConfirmation(ctx.db, row.id);
}

/**
 * Makes one of the actor's own addresses the primary one; the old one stays. Does nothing when it is that already.
 *
 * @throws AppError `not_found`; `conflict` when it is not confirmed; those of `getAccount`
 */
export async function setPrimaryEmail(ctx: Needs<'db'>, actor: Actor, email: string): Promise<void> {
  const account = await getAccount(ctx, actor);
  await inTransaction(ctx.db, async (tx) => {
    await lockUser(tx, account.userId);
    const row = await ownEmail(tx, account.userId, email);
    if (row.is_primary) return;
    if (!row.is_verified) throw new AppError('conflict', 'This address must be confirmed first');
    await updatePrimary(tx, account.userId, row.id);
    const doer = doerOf(actor, account);
    await recordEvent(tx, doer, { action: 'user.primary_email_changed', subject: account.username });
  });
}
