import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import type { Actor } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { deleteUserAccountWith } from '../namespaces/account-deletion';
import { assertNoImmutableTags } from './immutable-tags';
import { lockRepositories } from './locking';
import { displayName } from './names';
import * as store from './repositories.store';

/**
 * Deletes an account, its namespace and all repositories in it, for the account itself and administrators: all of it
 * or, if another repository is created at the same time, nothing. Users make immutable tags of their own repositories
 * mutable first; see `immutable-tags.ts`.
 *
 * @returns the number of deleted repositories
 * @throws AppError as `deleteUserAccount`; `conflict` for a user whose own repository has immutable tags
 */
export async function deleteUserWithRepositories(ctx: Needs<'db'>, actor: Actor, username: string): Promise<number> {
  return deleteUserAccountWith(ctx, actor, username, async (tx, { user, isOwn, doer }) => {
    await lockRepositories(tx, user.username);
    if (isOwn) await assertNoneImmutable(tx, user.id);
    const deleted = await store.deleteAllOfOwner(tx, user.id);
    for (const name of deleted) {
      await recordEvent(tx, doer, { action: 'repository.deleted', subject: displayName(name) });
    }
    return deleted.length;
  });
}

async function assertNoneImmutable(tx: Db, userId: number): Promise<void> {
  for (const repository of await store.listWithPatterns(tx, userId)) {
    await assertNoImmutableTags(tx, repository, 'conflict');
  }
}
