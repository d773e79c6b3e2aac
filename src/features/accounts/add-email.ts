import type { Db } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { countOf, findEmailOf, lockUser } from './emails.store';
import { findVerifiedOwner, insertEmail, type NewEmail } from './users.store';

/** The answer to an address that an account has: in the Hub's words, and in plain ones at the field. */
export function emailTaken(options: ErrorOptions = {}): AppError {
  const fields = [{ field: 'email', message: 'An account has this address already' }];
  return new AppError('conflict', 'email is already associated with an account', { ...options, fields });
}

/** No user needs more, and one who has more collects addresses of others. */
const MOST_EMAILS = 10;

/**
 * Adds an address to an account. Another account that has the address, but has not confirmed it, does not prevent this.
 *
 * @returns the id of the address; undefined when the account has this address already
 * @throws AppError `conflict` when another account has confirmed it, or the account has too many
 */
export async function addEmailTo(tx: Db, email: NewEmail): Promise<number | undefined> {
  await lockUser(tx, email.userId);
  if ((await findEmailOf(tx, email.userId, email.address)) !== undefined) return undefined;
  if ((await findVerifiedOwner(tx, email.address)) !== undefined) throw emailTaken();
  if ((await countOf(tx, email.userId)) >= MOST_EMAILS) {
    throw new AppError('conflict', `An account can have at most ${MOST_EMAILS} email addresses: remove one first`);
  }
  try {
    return await insertEmail(tx, email);
  } catch (error) {
    throw isUniqueViolation(error) ? emailTaken({ cause: error }) : error;
  }
}
