import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { CountedTry } from '../../platform/passwords/password-checker';
import { recordLogin } from '../audit/audit';
import { isAccessToken, verifyAccessToken } from './access-tokens';
import type { Identity } from '../access/actor';
import { LOGIN_LIMITS, networkOf, tryCounted, type LoginLimit } from './login-limits';
import { normalizeUsername } from './account-rules';
import { findByUsername, type UserRow } from './users.store';

type Checking = Needs<'db' | 'log' | 'passwords' | 'loginLimiters' | 'recentLogins'>;

interface Attempt {
  readonly username: string;
  readonly password: string;
  readonly address: string;
  readonly user: UserRow | undefined;
}

/** Checks a password that was not right lately: slowly, not too often, and on record. */
async function tryPassword(ctx: Checking, attempt: Attempt): Promise<boolean> {
  const { username, password, address, user } = attempt;
  const count: CountedTry = async (compare) => {
    const { isRight, reached } = await tryCounted(ctx.loginLimiters, attempt, compare);
    if (isRight && user !== undefined) await recordSuccess(ctx, user, address);
    else await recordFailure(ctx, { username, address, reached });
    return isRight;
  };
  return ctx.passwords.check(username, password, user?.password_hash, { from: networkOf(address), count });
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
  /** the password is not enough: a code of the second factor must come, too */
  readonly hasSecondFactor: boolean;
}

async function checkPassword(
  ctx: Checking,
  { username, user }: Pick<Attempt, 'username' | 'user'>,
  password: string,
  address: string,
): Promise<FirstFactor | undefined> {
  const storedHash = user?.password_hash;
  const isRemembered = storedHash !== undefined && ctx.passwords.isRemembered(username, password, storedHash);
  const isRight = isRemembered || (await tryPassword(ctx, { username, password, address, user }));
  if (!isRight || user === undefined) return undefined;
  if (!user.is_active) throw new AppError('inactive', 'Account is not Active');
  const identity = { userId: user.id, credentialsEpoch: user.credentials_epoch, accessTokenId: undefined };
  return { identity, username, hasSecondFactor: user.has_second_factor };
}

/**
 * Checks a username and password of somebody who can be asked for a code, or has logged in already. The password comes
 * first, so that nobody learns of an account, active or not, without it; an unknown user costs as much time as a wrong
 * password (protocol 2.3).
 *
 * @param address - of whoever brings them
 * @returns undefined when the two do not belong together
 * @throws AppError `inactive`; `busy` when too many are logging in, or after too many wrong passwords
 */
export async function verifyFirstFactor(
  ctx: Checking,
  name: string,
  password: string,
  address: string,
): Promise<FirstFactor | undefined> {
  const username = normalizeUsername(name);
  return checkPassword(ctx, { username, user: await findByUsername(ctx.db, username) }, password, address);
}

/**
 * Checks a username and password where they are all that can be given. With a second factor the account is as good as
 * unknown here: the password is not even looked at, so that neither the answer nor its time tells whether it is right.
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
  const username = normalizeUsername(name);
  const found = await findByUsername(ctx.db, username);
  const user = found?.has_second_factor === true ? undefined : found;
  const identity = (await checkPassword(ctx, { username, user }, password, address))?.identity;
  if (identity !== undefined) ctx.recentLogins.set(identity, username, password);
  return identity;
}

/**
 * Checks a username and password, or an access token in its place; otherwise as `verifyPassword`.
 */
export async function verifyCredentials(
  ctx: Checking,
  name: string,
  password: string,
  address: string,
): Promise<Identity | undefined> {
  if (!isAccessToken(password)) return verifyPassword(ctx, name, password, address);
  // Nobody guesses one, so failures need no count; and a host whose token has expired must not shut its people out.
  const username = normalizeUsername(name);
  const identity = await verifyAccessToken(ctx, username, password, address);
  if (identity !== undefined) ctx.recentLogins.set(identity, username, password);
  return identity;
}

/**
 * The identity of credentials that were right lately, without a query. The account may have changed since: use it only
 * where the query that does the work checks the identity, too, and verify the credentials when that refuses it.
 */
export function recallIdentity(ctx: Needs<'recentLogins'>, name: string, password: string): Identity | undefined {
  return ctx.recentLogins.get(normalizeUsername(name), password);
}
