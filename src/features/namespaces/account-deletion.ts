import type { Needs } from '../../context';
import { OPERATOR, type Doer } from '../audit/audit';
import { deleteUser, getUser } from '../accounts/users';
import { assertOrphansNone } from './organizations';

/**
 * Deletes an account and its empty namespace, for an operator.
 *
 * @throws AppError `not_found`, `conflict` while the namespace has repositories, or when the account is the only owner
 *   of an organization
 */
export async function deletePerson(ctx: Needs<'db'>, username: string, doer: Doer = OPERATOR): Promise<void> {
  await assertOrphansNone(ctx, await getUser(ctx, username));
  await deleteUser(ctx, username, doer);
}
