import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { canAdminister, canWrite } from '../access/policy';
import { sameRepository } from './names';
import * as store from './repositories.store';
import { assertReadable, authorizationRequired, findScope } from './scope';

const MISSING = 'Repository not found';

/**
 * Uses a token up, for a registry that asks whether it may act on it (protocol 2.9).
 *
 * @throws AppError `unauthenticated` without a token, `forbidden` when it does not allow anything here, `not_found`
 */
export async function authorizeToken(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<void> {
  if (actor.kind !== 'token') throw authorizationRequired();
  if (!sameRepository(actor.repository, name)) throw new AppError('forbidden', 'Access denied');
  const { repository, principal } = await findScope(ctx, actor, name, { followsAliases: actor.access === 'read' });
  if (repository === undefined) throw new AppError('not_found', MISSING);
  const isAllowed = {
    read: true,
    write: canWrite(principal, repository),
    delete: canAdminister(principal, repository),
  };
  if (!isAllowed[actor.access]) throw new AppError('forbidden', 'Access denied');
  if (actor.access !== 'delete') {
    assertReadable({ repository, principal, namespace: undefined }, MISSING);
    return;
  }
  if (!(await store.consumeDeleteNonce(ctx.db, repository.id, actor.nonce))) {
    throw new AppError('forbidden', 'Access denied');
  }
}
