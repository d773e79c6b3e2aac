import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { isAccount, type Account, type Actor, type RepositoryName } from '../access/actor';
import { doerOf } from '../access/doer';
import { canAdminister } from '../access/policy';
import type { Doer } from '../audit/audit';
import { lockRepository } from './repositories.store';
import { assertVisible, authorizationRequired, findScope, isBeingDeleted, outcomeFor, type Repository } from './scope';

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
 * @throws AppError `not_found` also for one that the actor may not know of, `forbidden` also while it is being deleted,
 *   `unauthenticated`, `inactive`
 */
export async function getAdministered(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Administered> {
  const administered = await getDeletable(ctx, actor, name);
  if (outcomeFor('apiPatch', administered.repository) === 'refused') throw isBeingDeleted(administered.repository);
  return administered;
}

/**
 * The same, also while it is being deleted: that is for those who administer it to end.
 *
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function getDeletable(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Administered> {
  const scope = await findScope(ctx, actor, name);
  const { principal } = scope;
  if (principal === undefined || actor.kind === 'token') throw authorizationRequired();
  const repository = assertVisible(scope, 'Repository not found');
  if (!isAccount(principal) || !canAdminister(principal, repository)) {
    throw new AppError('forbidden', 'Access denied');
  }
  return { repository, account: principal, doer: doerOf(actor, principal) };
}

/**
 * The same, and nobody else changes the repository until the transaction ends.
 *
 * @throws AppError as `getAdministered`
 */
export async function lockAdministered(tx: Db, actor: Actor, name: RepositoryName): Promise<Administered> {
  const { repository } = await getAdministered({ db: tx }, actor, name);
  await lockRepository(tx, repository.id);
  // What was true before it waited for the lock may not be any more.
  return getAdministered({ db: tx }, actor, name);
}
