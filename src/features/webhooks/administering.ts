import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { OPERATOR, type Doer } from '../audit/audit';
import { displayName } from '../repositories/names';
import { getAdministered } from '../repositories/administered';
import { findScope, isBeingDeleted, outcomeFor } from '../repositories/scope';

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
 * @throws AppError `not_found`, `unauthenticated`, `forbidden` also while the repository is being deleted
 */
export async function administered(ctx: Needs<'db'>, asker: Asker, name: RepositoryName): Promise<Administered> {
  const subject = displayName(name);
  if (isOperator(asker)) {
    const { repository } = await findScope(ctx, { kind: 'anonymous', address: asker.address }, name);
    if (repository === undefined) throw new AppError('not_found', `No such repository: ${subject}`);
    if (outcomeFor('webhookSettings', repository) === 'refused') throw isBeingDeleted(name);
    return { repositoryId: repository.id, subject, doer: asker };
  }
  const { repository, doer } = await getAdministered(ctx, asker, name);
  return { repositoryId: repository.id, subject, doer };
}
