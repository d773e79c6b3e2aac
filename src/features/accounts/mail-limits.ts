import { AppError } from '../../platform/errors';
import type { FailureLimit, FailureLimiter } from '../../platform/limits/failure-limiter';
import { networkOf } from './login-limits';

/*
 * How many mails a stranger may ask for. Beyond, an address is told to wait; a name just gets no more of them, for
 * nobody may learn from the answer whether it is an account's. Its owner has the first five in the mailbox then.
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

/** How many accounts may be registered from one network. */
export function registrationLimit(perHour: number): FailureLimit {
  return { name: 'registration', failures: perHour + 1, windowSeconds: 3600, blockSeconds: 3600 };
}

/** The limiters of these counts. */
export type MailLimiters = { readonly [K in keyof typeof MAIL_LIMITS]: FailureLimiter };

async function countAsk(limiter: FailureLimiter, subject: string): Promise<number> {
  return (await limiter.count(subject)).waitSeconds;
}

/** The mailbox behind an address: what stands after a plus in its name only sorts it. Names of accounts stay as they are. */
export function mailboxOf(nameOrAddress: string): string {
  return nameOrAddress.toLowerCase().replace(/\+[^@]*(?=@)/, '');
}

/** Counts that a mail goes to a mailbox, or to the account of a name; whether it may have one more. */
export async function countMailTo(limiters: Pick<MailLimiters, 'name'>, nameOrAddress: string): Promise<boolean> {
  return (await countAsk(limiters.name, mailboxOf(nameOrAddress))) === 0;
}

/** Counts that a link is mailed to an account; whether it may have one more. Addresses that went since then count, too. */
export async function countMailedLink(limiters: Pick<MailLimiters, 'links'>, userId: number): Promise<boolean> {
  return (await countAsk(limiters.links, String(userId))) === 0;
}

/**
 * Counts that somebody asks for a mail.
 *
 * @returns whether this name may have one more
 * @throws AppError `busy` with how long to wait, when too many are asked for from this address
 */
export async function countMailAsk(limiters: MailLimiters, nameOrAddress: string, address: string): Promise<boolean> {
  const retryAfterSeconds = await countAsk(limiters.address, networkOf(address));
  if (retryAfterSeconds > 0) {
    throw new AppError('busy', 'Too many mails were asked for', { retryAfterSeconds });
  }
  return countMailTo(limiters, nameOrAddress);
}

/**
 * Counts that an account invites somebody, apart from mails that strangers ask for: an owner who invites a whole team
 * must not keep their network from new passwords.
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
    // A count of its own: whoever is invited all the time must still get the mail for a new password.
    await countAsk(limiters.name, mailboxOf(`invitation ${whom}`)),
  ];
  return Math.max(...waits);
}
