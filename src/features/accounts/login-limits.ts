import { isIPv6 } from 'node:net';
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
 * An address of IPv6 stands for its network of 64 bits, which is what a customer gets.
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
export type LoginLimiters = { readonly [K in LoginLimit]: FailureLimiter };

export type LoginLimit = keyof typeof LOGIN_LIMITS;

function expanded(groups: string): string[] {
  return groups.split(':').filter((group) => group !== '');
}

/** Whose failures count together: an address, or a network of IPv6. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [before = '', after] = (address.split('%')[0] ?? '').split('::');
  const [head, tail] = [expanded(before), expanded(after ?? '')];
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  const network = [...head, ...zeros, ...tail].slice(0, 4);
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

function subjectsOf(username: string, address: string): Record<LoginLimit, string> {
  const network = networkOf(address);
  return { pair: `${username}\0${network}`, address: network, account: username };
}

/** @throws AppError `busy` with how long to wait */
export async function assertMayTry(limiters: LoginLimiters, username: string, address: string): Promise<void> {
  const subjects = subjectsOf(username, address);
  const waits = await Promise.all([
    limiters.pair.waitSeconds(subjects.pair),
    limiters.address.waitSeconds(subjects.address),
    limiters.account.waitSeconds(subjects.account),
  ]);
  const retryAfterSeconds = Math.max(...waits);
  if (retryAfterSeconds > 0)
    throw new AppError('busy', 'Too many failed logins, try again later', { retryAfterSeconds });
}

/**
 * Counts a wrong password.
 *
 * @returns the limits that it has reached
 */
export async function countFailure(
  limiters: LoginLimiters,
  username: string,
  address: string,
): Promise<readonly LoginLimit[]> {
  const subjects = subjectsOf(username, address);
  const reached: LoginLimit[] = [];
  for (const limit of ['pair', 'address', 'account'] as const) {
    if (await limiters[limit].fail(subjects[limit])) reached.push(limit);
  }
  return reached;
}

/** Forgets what somebody mistyped before the right password. */
export async function forgiveFailures(limiters: LoginLimiters, username: string, address: string): Promise<void> {
  await limiters.pair.forgive(subjectsOf(username, address).pair);
}
