import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { requiresAuthorization } from '../access/current-account';
import { doerOf } from '../access/doer';
import { canCreate, canManage, type Visibility } from '../access/policy';
import { assertRepositoryName } from './names';
import { findRepositoryAccess } from './repository-access';
import { createNewRepository } from './visibility';

/**
 * Creates an empty repository.
 *
 * @param visibility - undefined: the default of the namespace
 * @throws AppError `invalid`, `not_found` when there is no such namespace, `conflict` when the repository exists,
 *   `forbidden` also when the plan allows no further private repository, `unauthenticated`, `inactive`
 */
export async function createRepository(
  ctx: Needs<'db' | 'settings'>,
  actor: Actor,
  name: RepositoryName,
  visibility: Visibility | undefined,
): Promise<void> {
  assertRepositoryName(name, ctx.settings.hubLimits);
  const { principal, namespace } = await findRepositoryAccess(ctx, actor, name);
  if (principal === undefined || actor.kind === 'token') throw requiresAuthorization();
  if (namespace === undefined) throw new AppError('not_found', `No such namespace: ${name.namespace}`);
  // A token that may write is enough only for a push.
  if (!canCreate(principal, namespace) || !canManage(principal, namespace)) {
    throw new AppError('forbidden', `You cannot create repositories in ${name.namespace}`);
  }
  await inTransaction(ctx.db, async (tx) => {
    const options = { visibility: visibility ?? namespace.defaultVisibility, actor, doer: doerOf(actor, principal) };
    await createNewRepository(tx, name, options);
  });
}
