import { AppError } from '../../platform/errors';
import type { FailureLimit, FailureLimiter } from '../../platform/limits/failure-limiter';
import { networkOf } from './login-limits';

/*
 * How many mails an anonymous client may ask for. Beyond the limit, requests from an address are refused with a time to
 * wait. A name silently gets no more mails, because the answer must not reveal whether it belongs to an account; its
 * owner has the first five in the mailbox by then.
 *
 *   who                                       asks   in       then nothing for
 *   one name, or one mailbox                     5   1 hour   1 hour
 *   one name or address, to be invited           5   1 hour   1 hour
 *   one address of the network                  20   1 hour   1 hour
 *   one account, links to any of its addresses  10   1 hour   1 hour
 *   one account, or one network, to invite     100   1 hour   1 hour
 */

export const MAIL_LIMITS = {
  name: { name: 'mail_name', failures: 6, windowSeconds: 3600, blockSeconds: 3600 },
  address: { name: 'mail_address', failures: 21, windowSeconds: 3600, blockSeconds: 3600 },
  links: { name: 'mail_links', failures: 11, windowSeconds: 3600, blockSeconds: 3600 },
  invitations: { name: 'mail_invitations', failures: 101, windowSeconds: 3600, blockSeconds: 3600 },
} as const;

/** The limit for accounts that are registered from one network. */
export function registrationLimit(perHour: number): FailureLimit {
  return { name: 'registration', failures: perHour + 1, windowSeconds: 3600, blockSeconds: 3600 };
}

/** The limiters of these counts. */
export type MailLimiters = { readonly [K in keyof typeof MAIL_LIMITS]: FailureLimiter };

async function countAsk(limiter: FailureLimiter, subject: string): Promise<number> {
  return (await limiter.count(subject)).waitSeconds;
}

/**
 * The mailbox of an address: a suffix after a plus in the local part is only for sorting. Names of accounts stay as
 * they are.
 */
export function mailboxOf(nameOrAddress: string): string {
  return nameOrAddress.toLowerCase().replace(/\+[^@]*(?=@)/, '');
}

/** Counts a mail to a mailbox, or to the account of a name. Returns whether it may have one more. */
export async function countMailTo(limiters: Pick<MailLimiters, 'name'>, nameOrAddress: string): Promise<boolean> {
  return (await countAsk(limiters.name, mailboxOf(nameOrAddress))) === 0;
}

/**
 * Counts a link that is mailed to an account. Returns whether it may have one more. Addresses that were removed since
 * count too.
 */
export async function countMailedLink(limiters: Pick<MailLimiters, 'links'>, userId: number): Promise<boolean> {
  return (await countAsk(limiters.links, String(userId))) === 0;
}

/**
 * Counts a request for a mail.
 *
 * @returns whether this name may have one more
 * @throws AppError `busy` with the time to wait, after too many requests from this address
 */
export async function countMailAsk(limiters: MailLimiters, nameOrAddress: string, address: string): Promise<boolean> {
  const retryAfterSeconds = await countAsk(limiters.address, networkOf(address));
  if (retryAfterSeconds > 0) {
    throw new AppError('busy', 'Too many emails were requested', { retryAfterSeconds });
  }
  return countMailTo(limiters, nameOrAddress);
}

/**
 * Counts an invitation by an account. It is separate from the count of mails that anonymous clients ask for: an owner
 * who invites a whole team must not keep others in their network from resetting passwords.
 *
 * @returns how many seconds to wait; 0 when the invitation may be mailed
 */
export async function countInvitation(
  limiters: Pick<MailLimiters, 'name' | 'invitations'>,
  inviter: { readonly userId: number; readonly address: string },
  whom: string,
): Promise<number> {
  const waits = [
    await countAsk(limiters.invitations, `account ${inviter.userId}`),
    await countAsk(limiters.invitations, `network ${networkOf(inviter.address)}`),
    // A separate count: a user who is invited all the time must still get the mail for a new password.
    await countAsk(limiters.name, mailboxOf(`invitation ${whom}`)),
  ];
  return Math.max(...waits);
}
