import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { addEmailTo, emailTaken } from './add-email';
import * as store from './emails.store';
import { lockAccount } from './locks.store';
import { assertEmail } from './account-rules';
import { authorizeAccount } from './own-account';
import { tellAccount } from './security-notices';

/** An address of an account. */
export interface Email {
  readonly address: string;
  readonly isPrimary: boolean;
  readonly isVerified: boolean;
}

function toEmail(row: store.EmailRow): Email {
  return { address: row.email, isPrimary: row.is_primary, isVerified: row.is_verified };
}

/**
 * The addresses of an account, the oldest first, for its owner and for administrators.
 *
 * @throws AppError as `authorizeAccount`
 */
export async function listEmails(ctx: Needs<'db'>, actor: Actor, username: string): Promise<Email[]> {
  const { id } = await authorizeAccount(ctx, actor, username, 'profile');
  return (await store.list(ctx.db, id)).map(toEmail);
}

/**
 * The address that an account's mail goes to: a verified one if there is one; undefined when it has no address at all.
 */
export async function findMailboxAddress(ctx: Needs<'db'>, userId: number): Promise<string | undefined> {
  return (await store.findMailbox(ctx.db, userId))?.email;
}

/**
 * Adds an address, not verified and not primary (protocol 6.1).
 *
 * @throws AppError `invalid`; `conflict` when any account has confirmed it, or this account has it already or has too
 *   many; those of `authorizeAccount`
 */
export async function addEmail(ctx: Needs<'db'>, actor: Actor, username: string, address: string): Promise<Email> {
  const { doer, ...user } = await authorizeAccount(ctx, actor, username, 'login');
  assertEmail(address);
  await inTransaction(ctx.db, async (tx) => {
    const id = await addEmailTo(tx, { userId: user.id, address, isPrimary: false, isVerified: false });
    if (id === undefined) throw emailTaken();
    await recordEvent(tx, doer, { action: 'user.email_added', subject: user.username });
    await tellAccount(tx, user.id, 'email_added', doer, { detail: address });
  });
  return { address, isPrimary: false, isVerified: false };
}

/**
 * Removes an address; the primary one stays (protocol 6.1).
 *
 * @throws AppError `not_found`, `invalid` for the primary one, `conflict` for the only confirmed one; those of
 *   `authorizeAccount`
 */
export async function removeEmail(ctx: Needs<'db'>, actor: Actor, username: string, address: string): Promise<void> {
  const { doer, ...user } = await authorizeAccount(ctx, actor, username, 'login');
  await inTransaction(ctx.db, async (tx) => {
    await lockAccount(tx, user.id);
    await assertNotOnlyVerified(tx, user.id, address);
    const removed = await store.deleteSecondary(tx, user.id, address);
    if (removed !== undefined) {
      const { email: detail, is_verified: isVerified } = removed;
      await tellAccount(tx, user.id, 'email_removed', doer, { detail, also: isVerified ? [detail] : [] });
      return recordEvent(tx, doer, { action: 'user.email_removed', subject: user.username });
    }
    const emails = await store.list(tx, user.id);
    const isThere = emails.some(({ email }) => email.toLowerCase() === address.toLowerCase());
    if (isThere) throw new AppError('invalid', 'The primary address cannot be removed');
    throw new AppError('not_found', 'No such address');
  });
}

/** Without a confirmed address, a user who forgets the password has lost the account. */
async function assertNotOnlyVerified(tx: Db, userId: number, address: string): Promise<void> {
  const verified = (await store.list(tx, userId)).filter((row) => row.is_verified);
  const isOnly = verified.length === 1 && verified[0]?.email.toLowerCase() === address.toLowerCase();
  if (!isOnly || verified[0]?.is_primary === true) return;
  throw new AppError('conflict', 'This is the only confirmed address: confirm another one first');
}

/**
 * Deletes secondary addresses that nobody has confirmed for so many days.
 *
 * @returns how many there were
 */
export async function forgetUnverifiedEmails(ctx: Needs<'db'>, days: number): Promise<number> {
  return store.forgetUnverified(ctx.db, days);
}

/** Names of accounts without repositories that have waited for so many days to be confirmed. */
export async function listNeverConfirmed(ctx: Needs<'db'>, days: number): Promise<string[]> {
  return store.listNeverConfirmed(ctx.db, days);
}
