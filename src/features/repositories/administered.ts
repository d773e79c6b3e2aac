import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { isAccount, type Account, type Actor, type RepositoryName } from '../accounts/actor';
import { doerOf } from '../accounts/doer';
import { canAdminister } from '../accounts/policy';
import type { Doer } from '../audit/audit';
import { assertReadable, authorizationRequired, findScope, type Repository } from './scope';

/** A repository, and who is about to change it. */
export interface Administered {
  readonly repository: Repository;
  readonly account: Account;
  readonly doer: Doer;
}

/**
 * A repository, for an account that administers it; not for a token of the protocol, which only stands for a push or a
 * pull.
 *
 * @throws AppError `not_found` also for one that the actor may not know of, `forbidden`, `unauthenticated`, `inactive`
 */
export async function getAdministered(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Administered> {
  const scope = await findScope(ctx, actor, name);
  if (!isAccount(scope.principal) || actor.kind === 'token') throw authorizationRequired();
  const repository = assertReadable(scope, 'Repository not found');
  if (!canAdminister(scope.principal, repository)) throw new AppError('forbidden', 'Access denied');
  return { repository, account: scope.principal, doer: doerOf(actor, scope.principal) };
}
