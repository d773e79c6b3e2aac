import { AppError } from '../../platform/errors';
import type { FailureLimiter } from '../../platform/limits/failure-limiter';
import { networkOf } from './login-limits';

/*
 * How many mails a stranger may ask for. Beyond, an address is told to wait; a name just gets no more of them, for
 * nobody may learn from the answer whether it is an account's. Its owner has the first five in the mailbox then.
 *
 *   who                                       asks   in       then nothing for
 *   one name, or one typed e-mail address        5   1 hour   1 hour
 *   one name or address, to be invited           5   1 hour   1 hour
 *   one address of the network                  20   1 hour   1 hour
 */

export const MAIL_LIMITS = {
  name: { name: 'mail_name', failures: 6, windowSeconds: 3600, blockSeconds: 3600 },
  address: { name: 'mail_address', failures: 21, windowSeconds: 3600, blockSeconds: 3600 },
} as const;

/** The limiters of both counts. */
export type MailLimiters = { readonly [K in keyof typeof MAIL_LIMITS]: FailureLimiter };

async function countAsk(limiter: FailureLimiter, subject: string): Promise<number> {
  return (await limiter.count(subject)).waitSeconds;
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
    throw new AppError('busy', 'Too many mails were asked for, try again later', { retryAfterSeconds });
  }
  return (await countAsk(limiters.name, nameOrAddress.toLowerCase())) === 0;
}
