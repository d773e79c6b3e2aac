import { isIPv6 } from 'node:net';
import { AppError } from '../../platform/errors';
import type { FailureLimiter } from '../../platform/limits/failure-limiter';

/*
 * How many wrong passwords and codes are too many. There are three counts of passwords, so that neither one attacker
 * with many names nor many attackers on one name get far, and nobody can lock an owner out for long. There is one count
 * of codes, because only a client that has the password can try them:
 *
 *   who                                        failures   in         then nothing for
 *   password: one account from one address           10   15 min     15 min
 *   password: one address, all accounts             100   15 min     15 min
 *   password: one account, all addresses            100   15 min     30 s, and the count begins again
 *   code: one account, all addresses                 10   24 hours   1 min, and after each further one twice as long,
 *                                                                    up to 8 hours; the owner is mailed
 *
 * An address of IPv6 stands for its network of 64 bits, which is what a customer gets. All times are by the clock of
 * the database.
 *
 * Credentials that were right lately (PasswordChecker remembers them) pass before any of these counts is read, so
 * guessing by others never blocks an engine at work.
 */

export const LOGIN_LIMITS = {
  pair: { name: 'login_pair', failures: 10, windowSeconds: 900, blockSeconds: 900 },
  address: { name: 'login_address', failures: 100, windowSeconds: 900, blockSeconds: 900 },
  account: { name: 'login_account', failures: 100, windowSeconds: 900, blockSeconds: 30 },
  code: { name: 'login_code', failures: 10, windowSeconds: 86_400, blockSeconds: 60, longestBlockSeconds: 28_800 },
} as const;

/**
 * Sign-ins with a provider that failed, by network: each makes this server ask the provider. Nobody can guess a code of
 * the provider, so the limit is generous for offices behind one address.
 */
export const OPENID_LIMIT = { name: 'openid', failures: 100, windowSeconds: 900, blockSeconds: 300 } as const;

/** The limiters of all counts. */
export type LoginLimiters = { readonly [K in LoginLimit]: FailureLimiter };

export type LoginLimit = keyof typeof LOGIN_LIMITS;

function expanded(groups: string): string[] {
  return groups.split(':').filter((group) => group !== '');
}

/** The address, or network of IPv6, whose failures count together. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [before = '', after] = (address.split('%')[0] ?? '').split('::');
  const [head, tail] = [expanded(before), expanded(after ?? '')];
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  const network = [...head, ...zeros, ...tail].slice(0, 4);
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

function subjectsOf(username: string, address: string): Record<Exclude<LoginLimit, 'code'>, string> {
  const network = networkOf(address);
  return { pair: `${username}\0${network}`, address: network, account: username };
}

function tooMany(retryAfterSeconds: number): AppError {
  return new AppError('busy', 'Too many failed logins', { retryAfterSeconds });
}

const ORDER = ['pair', 'address', 'account'] as const;

/** The outcome of a try. */
export interface Tried {
  readonly isRight: boolean;
  /** the limits that it has reached */
  readonly reached: readonly LoginLimit[];
}

type Count = readonly [limiter: FailureLimiter, subject: string];

async function giveBack(counts: readonly Count[]): Promise<void> {
  await Promise.all(counts.map(([limiter, subject]) => limiter.giveBack(subject)));
}

/** @throws AppError `busy` with the time to wait; then nothing is counted */
async function takeAll(counts: readonly Count[]): Promise<void> {
  const waits = await Promise.all(counts.map(([limiter, subject]) => limiter.take(subject)));
  const seconds = Math.max(...waits);
  if (seconds === 0) return;
  await giveBack(counts.filter((_count, index) => waits[index] === 0));
  throw tooMany(seconds);
}

/**
 * Tries a password. The try is counted before it happens, and the count is given back if the password was right or
 * could not be checked. So guesses that come at once cannot exceed the limits. The right password forgives earlier
 * mistakes from the same address.
 *
 * @param check - whether it is right
 * @throws AppError `busy` with the time to wait, and what `check` throws
 */
export async function tryCounted(
  limiters: LoginLimiters,
  { username, address }: { readonly username: string; readonly address: string },
  check: () => Promise<boolean>,
): Promise<Tried> {
  const subjects = subjectsOf(username, address);
  const counts = ORDER.map((limit): Count => [limiters[limit], subjects[limit]]);
  await takeAll(counts);
  let isRight: boolean;
  try {
    isRight = await check();
  } catch (error) {
    await giveBack(counts);
    throw error;
  }
  const decided = await Promise.all(
    ORDER.map(async (limit) => {
      const [limiter, subject] = [limiters[limit], subjects[limit]];
      if (!isRight) return limiter.decideFailed(subject);
      await limiter.giveBack(subject, { forgets: limit === 'pair' });
      return false;
    }),
  );
  return { isRight, reached: ORDER.filter((_limit, index) => decided[index]) };
}

/**
 * Tries a code of the second factor, counted as `tryCounted` counts passwords, but only for the account. A right code
 * forgives nothing, because an attacker who has the password may try all day while the owner logs in.
 *
 * @returns whether the code is right; and, after one wrong code too many, for how many seconds all codes are refused
 * @throws AppError `busy` with the time to wait, and what `check` throws
 */
export async function tryCode(
  { code: limiter }: Pick<LoginLimiters, 'code'>,
  username: string,
  check: () => Promise<boolean>,
): Promise<{ isRight: boolean; pausedFor: number | undefined }> {
  await takeAll([[limiter, username]]);
  let isRight: boolean;
  try {
    isRight = await check();
  } catch (error) {
    await limiter.giveBack(username);
    throw error;
  }
  if (isRight) await limiter.giveBack(username);
  const isTooMany = !isRight && (await limiter.decideFailed(username));
  return { isRight, pausedFor: isTooMany ? await limiter.waitSeconds(username) : undefined };
}

/** Forgets the mistakes that a user made before the right password. */
export async function forgiveFailures(limiters: LoginLimiters, username: string, address: string): Promise<void> {
  await limiters.pair.forgive(subjectsOf(username, address).pair);
}
