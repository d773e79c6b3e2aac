import { AppError } from '../../platform/errors';
import type { FailureLimiter } from '../../platform/limits/failure-limiter';

/*
 * How many wrong passwords are too many. Three counts, so that neither one guesser with many names nor many guessers at
 * one name get far, and nobody can lock an owner out for long:
 *
 *   who                              failures   in       then nothing for
 *   one account from one address        10      15 min   15 min
 *   one address, all accounts          100      15 min   15 min
 *   one account, all addresses         100      15 min   30 s, and the count begins anew
 *
 * Credentials that were right lately (PasswordChecker remembers them) pass before any of these is looked at: an engine
 * at work is never in the way of somebody who guesses.
 */

export const LOGIN_LIMITS = {
  pair: { name: 'login_pair', failures: 10, windowSeconds: 900, blockSeconds: 900 },
  address: { name: 'login_address', failures: 100, windowSeconds: 900, blockSeconds: 900 },
  account: { name: 'login_account', failures: 100, windowSeconds: 900, blockSeconds: 30 },
} as const;

/** The limiters of all three counts. */
export type LoginLimiters = { readonly [K in keyof typeof LOGIN_LIMITS]: FailureLimiter };

function pairOf(username: string, address: string): string {
  return `${username}\0${address}`;
}

/** @throws AppError `busy` with how long to wait */
export async function assertMayTry(limiters: LoginLimiters, username: string, address: string): Promise<void> {
  const waits = await Promise.all([
    limiters.pair.waitSeconds(pairOf(username, address)),
    limiters.address.waitSeconds(address),
    limiters.account.waitSeconds(username),
  ]);
  const retryAfterSeconds = Math.max(...waits);
  if (retryAfterSeconds > 0)
    throw new AppError('busy', 'Too many failed logins, try again later', { retryAfterSeconds });
}

/** Counts a wrong password. */
export async function countFailure(limiters: LoginLimiters, username: string, address: string): Promise<void> {
  await limiters.pair.fail(pairOf(username, address));
  await limiters.address.fail(address);
  await limiters.account.fail(username);
}

/** Forgets what somebody mistyped before the right password. */
export async function forgiveFailures(limiters: LoginLimiters, username: string, address: string): Promise<void> {
  await limiters.pair.forgive(pairOf(username, address));
}
