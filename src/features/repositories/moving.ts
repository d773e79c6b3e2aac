import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import { endOfTransferred } from '../accounts/endings';
import { followRename } from '../accounts/access-tokens';
import type { RepositoryName } from '../access/actor';
import { canCreate, canManage } from '../access/policy';
import { takePrivateSlot } from '../namespaces/plans';
import { getNamespaceAccess } from '../namespaces/namespace-access';
import { repositoryNotFound, type AdministeredRepository, type DeletableRepository } from './access';
import { assertNotFormer } from './former-names';
import { assertNoImmutableTags } from './immutable-tags';
import * as store from './moving.store';
import { assertRepositoryName, displayName, fullName, sameRepository } from './names';
import { findRepositoryAccess } from './repository-access';
import { deleteSharing } from './sharing.store';
import { lockVisibility } from './repositories.store';

/*
 * Renaming a repository, and transferring it to another namespace, leave its former name behind as an alias: reading by
 * that name still works, so that old hosts keep pulling. Pushing needs the new name, and no other repository can be
 * created with the former one until a user removes the alias. The alias outlives the repository and both namespaces;
 * see `retired-names.ts`.
 */

/** @throws AppError `forbidden`, `not_found` */
async function assertMayMove(ctx: Needs<'db'>, repository: AdministeredRepository, to: RepositoryName): Promise<void> {
  if (repository.namespace === to.namespace) return;
  const { actor, principal } = repository.access;
  if (!(await getNamespaceAccess(ctx, actor, repository.namespace)).canManage) {
    throw new AppError('forbidden', `Only owners of ${repository.namespace} can do this`);
  }
  const { namespace } = await findRepositoryAccess(ctx, actor, to);
  if (namespace === undefined) throw new AppError('not_found', `No such namespace: ${to.namespace}`);
  if (!canCreate(principal, namespace) || !canManage(principal, namespace)) {
    throw new AppError('forbidden', `You cannot create repositories in ${to.namespace}`);
  }
}

/**
 * Gives a repository another name, another namespace, or both. `accounts/endings.ts` says what a transfer ends.
 *
 * @throws AppError `invalid`, `conflict` when the name is taken, or belonged to another repository, `not_found` when
 *   there is no such namespace, `forbidden` in a namespace that is not the actor's, also when its plan allows no
 *   further private repository
 */
export async function moveRepository(
  ctx: Needs<'db' | 'settings'>,
  repository: AdministeredRepository,
  { namespace, name }: RepositoryName,
): Promise<void> {
  const to = { namespace, name };
  assertRepositoryName(to, ctx.settings.hubLimits);
  if (sameRepository(repository, to)) return;
  await assertMayMove(ctx, repository, to);
  const { doer } = repository;
  try {
    await inTransaction(ctx.db, async (tx) => {
      await move(tx, repository, to);
      if (repository.namespace !== to.namespace) await endOfTransferred(tx, doer, repository.id);
      const details = { to: displayName(to) };
      const event = { action: 'repository.renamed', subject: displayName(repository), details } as const;
      await recordEvent(tx, doer, event);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw fieldError('conflict', 'name', `The name ${displayName(to)} is already taken`, { cause: error });
  }
}

async function move(tx: Db, repository: AdministeredRepository, to: RepositoryName): Promise<void> {
  const visibility = await lockVisibility(tx, repository.id);
  if (visibility === undefined) throw repositoryNotFound();
  const isTransfer = repository.namespace !== to.namespace;
  if (isTransfer && visibility === 'private') await takePrivateSlot(tx, to.namespace);
  await assertNotFormer(tx, repository.access.actor, to, repository.id, 'conflict');
  // The repository may get back a former name of its own.
  await store.deleteAlias(tx, to, repository.id);
  await store.updateName(tx, repository.id, to);
  await store.insertAlias(tx, repository, repository.id);
  await followRename(tx, fullName(repository), fullName(to));
  if (isTransfer) await deleteSharing(tx, repository.id);
}

/** The former names of a repository. */
export async function listAliases(ctx: Needs<'db'>, repository: DeletableRepository): Promise<RepositoryName[]> {
  return store.listAliases(ctx.db, repository.id);
}

/**
 * Removes a former name: pulls by it get a 404, and a new repository can have it.
 *
 * @param options.evenImmutable - also a name by which immutable tags are pulled
 * @throws AppError `not_found` for the former name, `conflict` when the repository has immutable tags
 */
export async function removeAlias(
  ctx: Needs<'db'>,
  repository: DeletableRepository,
  alias: RepositoryName,
  options: { readonly evenImmutable?: boolean } = {},
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    if (options.evenImmutable !== true) await assertNoImmutableTags(tx, repository, 'conflict');
    if (!(await store.deleteAlias(tx, alias, repository.id))) {
      throw new AppError('not_found', `${displayName(alias)} is not a former name of ${displayName(repository)}`);
    }
    const details = { of: displayName(repository) };
    const event = { action: 'repository.alias_removed', subject: displayName(alias), details } as const;
    await recordEvent(tx, repository.doer, event);
  });
}
