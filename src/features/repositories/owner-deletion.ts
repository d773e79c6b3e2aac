import type { Needs } from '../../context';
import type { Actor } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { deleteUserAccountWith } from '../namespaces/account-deletion';
import { displayName } from './names';
import * as store from './repositories.store';

/**
 * Deletes an account, its namespace and all repositories in it, for administrators: all of it or, if another repository
 * is created at the same time, nothing.
 *
 * @returns the number of deleted repositories
 * @throws AppError as `deleteUserAccount`
 */
export async function deleteUserWithRepositories(ctx: Needs<'db'>, actor: Actor, username: string): Promise<number> {
  return deleteUserAccountWith(ctx, actor, username, async (tx, { id }, doer) => {
    const deleted = await store.deleteAllOfOwner(tx, id);
    for (const name of deleted) {
      await recordEvent(tx, doer, { action: 'repository.deleted', subject: displayName(name) });
    }
    return deleted.length;
  });
}
