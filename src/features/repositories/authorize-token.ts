import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { requiresAuthorization } from '../access/current-account';
import { canAdminister, canWrite } from '../access/policy';
import { assertReadable, isForBuilds, repositoryNotFound } from './access';
import { sameRepository } from './names';
import * as store from './repositories.store';
import { findRepositoryAccess } from './repository-access';

/**
 * Checks a token for a registry that asks whether it may act on it, and uses up a delete token (protocol 2.9).
 *
 * @throws AppError `unauthenticated` without a token, `forbidden` when it does not allow anything here, `not_found`
 */
export async function authorizeToken(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<void> {
  if (actor.kind !== 'token') throw requiresAuthorization();
  if (!sameRepository(actor.repository, name)) throw new AppError('forbidden', 'Access denied');
  const access = await findRepositoryAccess(ctx, actor, name, { followsAliases: actor.access === 'read' });
  const { repository, principal } = access;
  if (repository === undefined) throw repositoryNotFound();
  const isAllowed = {
    read: true,
    write: canWrite(principal, repository) && !isForBuilds(access),
    delete: canAdminister(principal, repository),
  };
  if (!isAllowed[actor.access]) throw new AppError('forbidden', 'Access denied');
  if (actor.access !== 'delete') {
    assertReadable(access);
    return;
  }
  if (!(await store.consumeDeleteNonce(ctx.db, repository.id, actor.nonce))) {
    throw new AppError('forbidden', 'Access denied');
  }
}
