import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Identity } from './actor';
import { assertMayTry, countFailure, forgiveFailures } from './login-limits';
import { normalizeUsername } from './rules';
import { findByUsername } from './users.store';

type Checking = Needs<'db' | 'passwords' | 'loginLimiters' | 'recentLogins'>;

interface Attempt {
  readonly username: string;
  readonly password: string;
  readonly address: string;
  readonly storedHash: string | undefined;
}

/** Checks a password that was not right lately: slowly, and not too often. */
async function tryPassword({ passwords, loginLimiters }: Checking, attempt: Attempt): Promise<boolean> {
  const { username, password, address, storedHash } = attempt;
  await assertMayTry(loginLimiters, username, address);
  const isRight = await passwords.check(username, password, storedHash);
  if (isRight) await forgiveFailures(loginLimiters, username, address);
  else await countFailure(loginLimiters, username, address);
  return isRight;
}

/**
 * Checks a username and password. The password comes first, so that nobody learns of an account, active or not,
 * without it; an unknown user costs as much time as a wrong password (protocol 2.3).
 *
 * @param address - of whoever brings them
 * @returns the identity, or undefined when the two do not belong together
 * @throws AppError `inactive`; `busy` when too many are logging in, or after too many wrong passwords
 */
export async function verifyCredentials(
  ctx: Checking,
  name: string,
  password: string,
  address: string,
): Promise<Identity | undefined> {
  const username = normalizeUsername(name);
  const user = await findByUsername(ctx.db, username);
  const storedHash = user?.password_hash;
  const isRemembered = storedHash !== undefined && ctx.passwords.isRemembered(username, password, storedHash);
  const isRight = isRemembered || (await tryPassword(ctx, { username, password, address, storedHash }));
  if (!isRight || user === undefined) return undefined;
  if (!user.is_active) throw new AppError('inactive', 'Account is not Active');
  const identity = { userId: user.id, credentialsEpoch: user.credentials_epoch };
  ctx.recentLogins.set(identity, username, password);
  return identity;
}

/**
 * The identity of credentials that were right lately, without a query. The account may have changed since: use it only
 * where the query that does the work checks the identity, too, and verify the credentials when that refuses it.
 */
export function recallIdentity(ctx: Needs<'recentLogins'>, name: string, password: string): Identity | undefined {
  return ctx.recentLogins.get(normalizeUsername(name), password);
}
