import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Identity } from './actor';
import { decoyHash, matchesPassword } from './passwords';
import { normalizeUsername } from './rules';
import { findByUsername } from './users.store';

/**
 * Checks a username and password. The password comes first, so that nobody learns of an account, active or not,
 * without it; an unknown user costs as much time as a wrong password (protocol 2.3).
 *
 * @returns the identity, or undefined when the two do not belong together
 * @throws AppError `inactive`
 */
export async function verifyCredentials(
  ctx: Needs<'db' | 'settings'>,
  username: string,
  password: string,
): Promise<Identity | undefined> {
  const user = await findByUsername(ctx.db, normalizeUsername(username));
  const storedHash = user?.password_hash ?? (await decoyHash(ctx.settings.bcryptCost));
  const isRight = await matchesPassword(password, storedHash);
  if (!isRight || user === undefined) return undefined;
  if (!user.is_active) throw new AppError('inactive', 'Account is not Active');
  return { userId: user.id, credentialsEpoch: user.credentials_epoch };
}
