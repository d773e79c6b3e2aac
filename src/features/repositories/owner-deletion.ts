import type { Needs } from '../../context';
import { OPERATOR, recordEvent, type Doer } from '../audit/audit';
import { deletePersonWith } from '../namespaces/account-deletion';
import { displayName } from './names';
import * as store from './repositories.store';

/**
 * Deletes an account, its namespace and all repositories in it, for an operator: all of it or, when somebody makes one
 * more repository at this moment, nothing.
 *
 * @returns how many repositories there were
 * @throws AppError `not_found`, `conflict`
 */
export async function deleteUserWithRepositories(
  ctx: Needs<'db'>,
  username: string,
  doer: Doer = OPERATOR,
): Promise<number> {
  return deletePersonWith(ctx, username, doer, async (tx, { id }) => {
    const deleted = await store.deleteAllOfOwner(tx, id);
    for (const name of deleted) {
      await recordEvent(tx, doer, { action: 'repository.deleted', subject: displayName(name) });
    }
    return deleted.length;
  });
}
