import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { CountedTry } from '../../platform/passwords/password-checker';
import { recordLogin } from '../audit/audit';
import { isAccessToken, verifyAccessToken } from './access-tokens';
import type { Identity } from '../access/actor';
import { noteSeen } from './last-seen';
import { usableHash } from './no-password';
import { LOGIN_LIMITS, networkOf, tryCounted, type LoginLimit } from './login-limits';
import { normalizeUsername } from './account-rules';
import { findByLoginName, type UserRow } from './users.store';

type Checking = Needs<'db' | 'log' | 'passwords' | 'loginLimiters' | 'recentLogins' | 'recentlySeen'>;

interface Attempt {
  readonly username: string;
  readonly password: string;
  readonly address: string;
  readonly user: UserRow | undefined;
}

/** Checks a password that was not right lately: slowly, not too often, and recorded in the audit log. */
async function tryPassword(ctx: Checking, attempt: Attempt): Promise<boolean> {
  const { username, password, address, user } = attempt;
  const count: CountedTry = async (compare) => {
    const { isRight, reached } = await tryCounted(ctx.loginLimiters, attempt, compare);
    if (isRight && user !== undefined) await recordSuccess(ctx, user, address);
    else await recordFailure(ctx, { username, address, reached });
    return isRight;
  };
  return ctx.passwords.check(username, password, usableHash(user), { from: networkOf(address), count });
}

async function recordSuccess(ctx: Checking, user: UserRow, address: string): Promise<void> {
  const doer = { userId: user.id, name: user.username, address };
  const { username: subject } = user;
  await recordLogin(
    ctx,
    doer,
    user.is_active
      ? { action: 'login.ok', subject }
      : { action: 'login.failed', subject, details: { reason: 'inactive' } },
  );
}

async function recordFailure(
  ctx: Checking,
  { username, address, reached }: { username: string; address: string; reached: readonly LoginLimit[] },
): Promise<void> {
  const nobody = { userId: undefined, name: undefined, address };
  await recordLogin(ctx, nobody, { action: 'login.failed', subject: username });
  for (const limit of reached) {
    const details = { limit, seconds: LOGIN_LIMITS[limit].blockSeconds };
    await recordLogin(ctx, nobody, { action: 'login.blocked', subject: username, details });
  }
}

/** An account whose password was right. */
export interface FirstFactor {
  readonly identity: Identity;
  readonly username: string;
  /** the password is not enough: a code of the second factor is needed as well */
  readonly hasSecondFactor: boolean;
}

async function checkPassword(
  ctx: Checking,
  { username, user }: Pick<Attempt, 'username' | 'user'>,
  password: string,
  address: string,
): Promise<FirstFactor | undefined> {
  const storedHash = usableHash(user);
  const isRemembered = storedHash !== undefined && ctx.passwords.isRemembered(username, password, storedHash);
  const isRight = isRemembered || (await tryPassword(ctx, { username, password, address, user }));
  if (!isRight || user === undefined) return undefined;
  if (!user.is_active) throw new AppError('inactive', 'Account is not Active');
  noteSeen(ctx, user.id);
  const identity = { userId: user.id, credentialsEpoch: user.credentials_epoch, accessTokenId: undefined };
  return { identity, username, hasSecondFactor: user.has_second_factor };
}

/*
 * A former name of an account logs in too: engines on hosts that nobody can change send the one that they have stored.
 * Failures count for the account, whichever of its names was tried, so that a rename doubles nobody's guesses.
 */

/**
 * Checks the username and password of a user who can be asked for a code, or has logged in already. The password is
 * checked first, so that without it nobody learns whether an account exists or is active. An unknown user takes as much
 * time as a wrong password (protocol 2.3).
 *
 * @param address - of the client that sends them
 * @returns undefined when the two do not belong together
 * @throws AppError `inactive`; `busy` when too many are logging in, or after too many wrong passwords
 */
export async function verifyFirstFactor(
  ctx: Checking,
  name: string,
  password: string,
  address: string,
): Promise<FirstFactor | undefined> {
  const typed = normalizeUsername(name);
  const user = await findByLoginName(ctx.db, typed);
  return checkPassword(ctx, { username: user?.username ?? typed, user }, password, address);
}

/**
 * Checks a username and password for protocols that cannot carry a code. An account with a second factor is treated as
 * unknown: its password is not checked, so that neither the answer nor its time reveals whether it is right.
 *
 * @returns the identity, or undefined when the two do not belong together
 * @throws AppError as `verifyFirstFactor`
 */
export async function verifyPassword(
  ctx: Checking,
  name: string,
  password: string,
  address: string,
): Promise<Identity | undefined> {
  const typed = normalizeUsername(name);
  const found = await findByLoginName(ctx.db, typed);
  const user = found?.has_second_factor === true ? undefined : found;
  const username = found?.username ?? typed;
  const identity = (await checkPassword(ctx, { username, user }, password, address))?.identity;
  if (identity !== undefined) ctx.recentLogins.set(identity, typed, password);
  return identity;
}

/** Checks a username and password, or an access token instead of the password; otherwise as `verifyPassword`. */
export async function verifyCredentials(
  ctx: Checking,
  name: string,
  password: string,
  address: string,
): Promise<Identity | undefined> {
  if (!isAccessToken(password)) return verifyPassword(ctx, name, password, address);
  // Nobody can guess a token, so failures are not counted. A host whose token has expired must not lock out its users.
  const username = normalizeUsername(name);
  const identity = await verifyAccessToken(ctx, username, password, address);
  if (identity !== undefined) ctx.recentLogins.set(identity, username, password);
  return identity;
}

/**
 * The identity of credentials that were right lately, without a query. The account may have changed since: use it only
 * if the query that does the work checks the identity too, and verify the credentials if that query refuses it.
 */
export function recallIdentity(ctx: Needs<'recentLogins'>, name: string, password: string): Identity | undefined {
  return ctx.recentLogins.get(normalizeUsername(name), password);
}
