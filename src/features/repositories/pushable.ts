import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { requiresAuthorization } from '../access/current-account';
import { doerOf } from '../access/doer';
import { canCreate, canRead, canWrite } from '../access/policy';
import { findRenamedNamespace } from '../accounts/retired-names';
import { assertWritable, repositoryNotFound, type WritableRepository } from './access';
import { lockForPush } from './locking';
import { assertRepositoryName, displayName } from './names';
import { findRepositoryAccess, type RepositoryAccess } from './repository-access';
import { createRepositoryIfMissing } from './visibility';

/*
 * The repository of a push: one to push to, or one that the push creates.
 */

/** Whether the actor may push to what has the name now, or create it by a push. */
export function mayPush({ principal, namespace, repository }: RepositoryAccess): boolean {
  if (repository === undefined) return namespace !== undefined && canCreate(principal, namespace);
  return canWrite(principal, repository) && !repository.isRemote;
}

/**
 * Refuses a push to a name in a namespace that was renamed, in words, for actors who may push to the new name. All
 * others learn nothing.
 *
 * @param access - of the name that the actor must not push to
 * @throws AppError `forbidden`
 */
export async function assertNotRenamed(ctx: Needs<'db'>, { actor, asked, namespace }: RepositoryAccess): Promise<void> {
  if (namespace !== undefined || actor.kind === 'token') return;
  const current = await findRenamedNamespace(ctx, asked.namespace);
  if (current === undefined) return;
  const present = { namespace: current, name: asked.name };
  if (!mayPush(await findRepositoryAccess(ctx, actor, present))) return;
  throw new AppError('forbidden', `${asked.namespace} was renamed to ${current}: push to ${displayName(present)}`);
}

/** The answer to a push to a repository that is being deleted, for those who may push there. */
export function pushToDeleted(): AppError {
  return new AppError('forbidden', 'Repository is being deleted');
}

/**
 * Creates the repository of a push if there is none, and keeps it from being deleted until the transaction ends. The
 * caller has asked `mayPush`.
 *
 * @returns the repository's id
 * @throws AppError as `createRepositoryIfMissing`; `forbidden` when it is being deleted
 */
export async function lockForNewPush(tx: Db, access: RepositoryAccess): Promise<number> {
  const { actor, principal, asked, namespace, repository } = access;
  const visibility = namespace?.defaultVisibility ?? 'public';
  if (repository === undefined)
    await createRepositoryIfMissing(tx, asked, { visibility, actor, doer: doerOf(actor, principal) });
  const id = await lockForPush(tx, asked);
  if (id === undefined) throw pushToDeleted();
  return id;
}

/**
 * The repository that the actor pushes to. It is created if it does not exist and the actor may create it.
 *
 * @throws AppError `unauthenticated`, `inactive`; `not_found` when the actor may neither see nor create it; `forbidden`
 *   when they may not push to it, or it is being deleted; `invalid` when no new repository can have the name
 */
export async function getPushable(
  ctx: Needs<'db' | 'settings'>,
  actor: Actor,
  name: RepositoryName,
): Promise<WritableRepository> {
  const access = await findRepositoryAccess(ctx, actor, name);
  const { principal, repository } = access;
  if (principal === undefined) throw requiresAuthorization();
  if (!mayPush(access)) {
    const isThere = repository !== undefined && repository.state !== 'deleting' && canRead(principal, repository);
    if (!isThere) {
      await assertNotRenamed(ctx, access);
      throw repositoryNotFound();
    }
    throw new AppError('forbidden', 'Access denied');
  }
  if (repository !== undefined) {
    if (repository.state === 'deleting') throw pushToDeleted();
    return assertWritable(access);
  }
  assertRepositoryName(name, ctx.settings.hubLimits);
  return inTransaction(ctx.db, async (tx) => {
    await lockForNewPush(tx, access);
    return assertWritable(await findRepositoryAccess({ db: tx }, actor, name));
  });
}
