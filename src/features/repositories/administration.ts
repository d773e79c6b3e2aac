import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../accounts/actor';
import { doerOf } from '../accounts/doer';
import type { Doer } from '../audit/audit';
import { canAdminister } from './policy';
import { assertReadable, authorizationRequired, findScope, type Repository } from './scope';

/** A repository, and who is about to change it. */
export interface Administered {
  readonly repository: Repository;
  readonly doer: Doer;
}

/**
 * The repository, for somebody who changes what it is. A token is not enough, since it only stands for a push or a pull.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `not_found` as for reading
 */
export async function findAdministrable(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Administered> {
  const scope = await findScope(ctx, actor, name);
  if (scope.principal === undefined || actor.kind === 'token') throw authorizationRequired();
  const repository = assertReadable(scope, 'Repository not found');
  if (!canAdminister(scope.principal, repository)) throw new AppError('forbidden', 'Access denied');
  return { repository, doer: doerOf(actor, scope.principal) };
}
