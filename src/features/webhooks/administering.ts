import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../accounts/actor';
import { doerOf } from '../accounts/doer';
import { OPERATOR, type Doer } from '../audit/audit';
import { displayName } from '../repositories/names';
import { canAdminister } from '../accounts/policy';
import { assertReadable, authorizationRequired, findScope } from '../repositories/scope';

/** Whoever has webhooks shown or changed: an actor, or the operator at the command line. */
export type Asker = Actor | typeof OPERATOR;

/** A repository whose webhooks somebody may see and change. */
export interface Administered {
  readonly repositoryId: number;
  /** as the audit log names it */
  readonly subject: string;
  readonly doer: Doer;
}

function isOperator(asker: Asker): asker is typeof OPERATOR {
  return asker === OPERATOR;
}

/**
 * The repository, for whoever may administer it; a token is not enough, since it only stands for a push or a pull.
 *
 * @throws AppError `not_found`, `unauthenticated`, `forbidden`
 */
export async function administered(ctx: Needs<'db'>, asker: Asker, name: RepositoryName): Promise<Administered> {
  const subject = displayName(name);
  if (isOperator(asker)) {
    const { repository } = await findScope(ctx, { kind: 'anonymous', address: asker.address }, name);
    if (repository === undefined) throw new AppError('not_found', `No such repository: ${subject}`);
    return { repositoryId: repository.id, subject, doer: asker };
  }
  const scope = await findScope(ctx, asker, name);
  if (scope.principal === undefined || asker.kind === 'token') throw authorizationRequired();
  const { id: repositoryId, ...repository } = assertReadable(scope, 'Repository not found');
  if (!canAdminister(scope.principal, repository)) throw new AppError('forbidden', 'Access denied');
  return { repositoryId, subject, doer: doerOf(asker, scope.principal) };
}
