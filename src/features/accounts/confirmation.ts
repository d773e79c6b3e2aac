import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import type { Actor } from '../access/actor';
import { getAccount, requireRecentPassword } from '../access/current-account';
import { doerOf } from '../access/doer';
import { checkLinkSecret, takeLinkSecret } from './email-links';
import type { LinkRow } from './email-links.store';
import * as store from './emails.store';
import { countMailAsk, MAIL_LIMITS } from './mail-limits';
import { queueConfirmation, queueConfirmationAgain } from './mail-queue';
import { isMailable } from './account-rules';
import { tellAccount } from './security-notices';

/**
 * The user whose address a link would confirm, and whether they must be logged in for that; changes nothing.
 *
 * @throws AppError `not_found` when the link is not good
 */
export async function describeConfirmation(
  ctx: Needs<'db'>,
  secret: string,
): Promise<{ username: string; needsLogin: boolean }> {
  const { username, is_primary: isPrimary } = await checkLinkSecret(ctx, 'confirm', secret);
  return { username, needsLogin: !isPrimary };
}

/**
 * Confirms the address that a secret was mailed to, and thereby the account, if it waits for that. For the address that
 * an account began with, the link is enough. An address that was added later is confirmed only by the account's owner,
 * who has given the password lately: a user who adds a wrong address must not lose the account to the person who reads
 * its mail.
 *
 * @param secret - from the link
 * @returns whose address it is, and whether the account can log in now
 * @throws AppError `not_found` when the link is not good; for an address that was added later, `forbidden` when the
 *   account belongs to another user, and those of `requireRecentPassword`: then the link stays good
 */
export async function confirmEmail(
  ctx: Needs<'db'>,
  actor: Actor,
  secret: string,
): Promise<{ username: string; isActive: boolean }> {
  return inTransaction(ctx.db, async (tx) => {
    const link = await takeLinkSecret(tx, 'confirm', secret);
    if (!link.is_primary) {
      const { userId } = await requireRecentPassword({ db: tx }, actor);
      if (userId !== link.user_id)
        throw new AppError('forbidden', `This address belongs to ${link.username}: log in as that user`);
    }
    await confirmOwnership(tx, link, actor.address);
    return { username: link.username, isActive: link.is_active || link.awaits_confirmation };
  });
}

/** If several accounts name the same address, the first one that confirms it gets it. */
async function verifyUnlessTaken(tx: Db, emailId: number): ReturnType<typeof store.verifyEmail> {
  try {
    return await store.verifyEmail(tx, emailId);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw fieldError('conflict', 'email', 'This address belongs to another account', { cause: error });
  }
}

/**
 * Does what follows when a mailed link was opened: the address belongs to the account.
 *
 * @param tx - the transaction that uses up the link
 * @throws AppError `conflict` when another account has confirmed the address
 */
export async function confirmOwnership(tx: Db, link: LinkRow, address: string): Promise<void> {
  const doer: Doer = { userId: link.user_id, name: link.username, address };
  const verified = await verifyUnlessTaken(tx, link.email_id);
  if (verified !== undefined) {
    await store.deleteUnverifiedCopies(tx, link.email_id);
    await recordEvent(tx, doer, { action: 'user.email_confirmed', subject: link.username });
    if (!link.is_primary && verified.is_primary) await store.notePrimaryChange(tx, link.user_id);
    if (!link.is_primary) await tellAccount(tx, link.user_id, 'email_confirmed', doer, { detail: link.email });
  }
  if (await store.activateWaiting(tx, link.user_id)) {
    await recordEvent(tx, doer, { action: 'user.activated', subject: link.username });
  }
}

/**
 * Sends the mail to confirm an address once more, for a user who cannot log in. Neither the answer nor its time depends
 * on whether there is such an account.
 *
 * @param nameOrAddress - as it was typed
 * @param address - of the client that asks
 * @throws AppError `busy` after too many such requests from one address
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
async function ownEmail(db: Db, userId: number, email: string): Promise<store.EmailRow> {
  const row = await store.findEmailOf(db, userId, email);
  if (row === undefined) throw new AppError('not_found', 'No such address');
  return row;
}

/**
 * Sends the mail to confirm one of the actor's own addresses once more.
 *
 * @throws AppError `not_found`; `conflict` when the address is already confirmed; `busy` after too many such requests;
 *   those of `getAccount`
 */
export async function resendConfirmation(
  ctx: Needs<'db' | 'mailLimiters'>,
  actor: Actor,
  email: string,
): Promise<void> {
  const { userId, username } = await getAccount(ctx, actor);
  const row = await ownEmail(ctx.db, userId, email);
  if (row.is_verified) throw new AppError('conflict', 'This address is already confirmed');
  const mayHaveOne = await countMailAsk(ctx.mailLimiters, username, actor.address);
  if (!mayHaveOne) {
    const { blockSeconds: retryAfterSeconds } = MAIL_LIMITS.name;
    throw new AppError('busy', 'Too many emails were requested', { retryAfterSeconds });
  }
  await queueConfirmation(ctx.db, row.id);
}

/**
 * Sets the primary address to one of the actor's own addresses. The former one stays, and gets a mail about it. Does
 * nothing if the address is already the primary one.
 *
 * @throws AppError `not_found`; `conflict` when it is not confirmed; those of `requireRecentPassword`
 */
export async function setPrimaryEmail(ctx: Needs<'db'>, actor: Actor, email: string): Promise<void> {
  const account = await requireRecentPassword(ctx, actor);
  await inTransaction(ctx.db, async (tx) => {
    await store.lockUser(tx, account.userId);
    const row = await ownEmail(tx, account.userId, email);
    if (row.is_primary) return;
    if (!row.is_verified) throw new AppError('conflict', 'This address must be confirmed first');
    const former = await store.updatePrimary(tx, account.userId, row.id);
    const doer = doerOf(actor, account);
    const also = former === undefined ? [] : [former];
    await tellAccount(tx, account.userId, 'primary_changed', doer, { detail: row.email, also });
    await recordEvent(tx, doer, { action: 'user.primary_email_changed', subject: account.username });
  });
}
