import type { Needs } from '../../context';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { type Account, type Actor, type RepositoryName } from '../access/actor';
import { doerOf } from '../access/doer';
import { canParticipate } from '../access/policy';
import type { Doer } from '../audit/audit';
import { assertReadable, authorizationRequired, findScope, type Repository } from '../repositories/scope';

const MISSING = 'Repository not found';

/** An account that says something of a repository. */
export interface Participant {
  readonly repository: Repository;
  readonly account: Account;
  readonly doer: Doer;
}

/**
 * The repository, for somebody who reads what others say of it.
 *
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function findReadable(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Repository> {
  return assertReadable(await findScope(ctx, actor, name), MISSING);
}

/**
 * The repository, for any account that may read it and says something of it. A token only stands for a push or a pull.
 *
 * @throws AppError `not_found`, `unauthenticated`, `forbidden` for an access token that may only read, or is not for this
 *   repository
 */
export async function findParticipant(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Participant> {
  const scope = await findScope(ctx, actor, name);
  const { principal } = scope;
  if (principal === undefined || actor.kind === 'token') throw authorizationRequired();
  const repository = assertReadable(scope, MISSING);
  if (!canParticipate(principal)) throw new AppError('forbidden', 'This access token does not allow this');
  return { repository, account: principal, doer: doerOf(actor, principal) };
}

/**
 * Runs what writes rows that refer to others.
 *
 * @param missing - the sentence for when what they refer to went in this moment
 * @throws AppError `not_found`; otherwise whatever `work` throws
 */
export async function orNotFound<T>(missing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isForeignKeyViolation(error) ? new AppError('not_found', missing, { cause: error }) : error;
  }
}
