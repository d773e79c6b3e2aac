import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import { endOfTransferred } from '../accounts/endings';
import { followRename } from '../accounts/access-tokens';
import type { Account, Actor, RepositoryName } from '../access/actor';
import { canCreate, canManage } from '../access/policy';
import { takePrivateSlot } from '../namespaces/plans';
import { getNamespaceAccess } from '../namespaces/namespace-access';
import { getAdministered } from './administered';
import { assertNotFormer } from './former-names';
import { assertNoImmutableTags } from './immutable-tags';
import * as store from './moving.store';
import { assertRepositoryName, displayName, fullName, sameRepository } from './names';
import { findScope } from './scope';
import { deleteSharing } from './sharing.store';
import { lockVisibility } from './repositories.store';

/*
 * Renaming a repository, and transferring it to another namespace, leave its former name behind as an alias: reads by
 * that name go on, so that old hosts keep pulling. Pushing needs the new name, and no other repository can be made with
 * the former one until somebody removes the alias. The alias outlives the repository and both namespaces; see
 * `retired-names.ts`.
 */

/** @throws AppError `forbidden`, `not_found` */
async function assertMayMove(
  ctx: Needs<'db'>,
  actor: Actor,
  account: Account,
  places: { from: RepositoryName; to: RepositoryName },
): Promise<void> {
  if (places.from.namespace === places.to.namespace) return;
  const source = await getNamespaceAccess(ctx, actor, places.from.namespace);
  if (!source.canManage) throw new AppError('forbidden', `Only owners of ${places.from.namespace} may do this`);
  const { namespace } = await findScope(ctx, actor, places.to);
  if (namespace === undefined) throw new AppError('not_found', `No such namespace: ${places.to.namespace}`);
  if (!canCreate(account, namespace) || !canManage(account, namespace)) {
    throw new AppError('forbidden', `You may not make repositories in ${places.to.namespace}`);
  }
}

/**
 * Gives a repository another name, another namespace, or both. A transfer ends what `accounts/endings.ts` says.
 *
 * @throws AppError `invalid`, `conflict` when the name is taken, or was another repository's, `forbidden` also when the
 *   plan of the other namespace has no room for a private one, `not_found`, `unauthenticated`, `inactive`
 */
export async function moveRepository(
  ctx: Needs<'db' | 'settings'>,
  actor: Actor,
  name: RepositoryName,
  to: RepositoryName,
): Promise<void> {
  const { repository, account, doer } = await getAdministered(ctx, actor, name);
  assertPossible(ctx, to);
  if (sameRepository(repository, to)) return;
  await assertMayMove(ctx, actor, account, { from: repository, to });
  await moveAs(ctx, repository, to, doer);
}

/** @throws AppError `invalid` */
export function assertPossible({ settings }: Needs<'settings'>, { namespace, name }: RepositoryName): void {
  assertRepositoryName({ namespace, name }, settings.hubLimits);
}

/**
 * Moves it without asking whether the doer may.
 *
 * @throws AppError as `moveRepository`
 */
export async function moveAs(
  ctx: Needs<'db'>,
  repository: RepositoryName & { readonly id: number },
  to: RepositoryName,
  doer: Doer,
): Promise<void> {
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
    throw new AppError('conflict', `The name ${displayName(to)} is taken`, { cause: error });
  }
}

async function move(tx: Db, repository: RepositoryName & { readonly id: number }, to: RepositoryName): Promise<void> {
  const visibility = await lockVisibility(tx, repository.id);
  if (visibility === undefined) throw new AppError('not_found', 'Repository not found');
  const isTransfer = repository.namespace !== to.namespace;
  if (isTransfer && visibility === 'private') await takePrivateSlot(tx, to.namespace);
  await assertNotFormer(tx, to, repository.id, 'conflict');
  // Back to a name that it had itself.
  await store.deleteAlias(tx, to, repository.id);
  await store.updateName(tx, repository.id, to);
  await store.insertAlias(tx, repository, repository.id);
  await followRename(tx, fullName(repository), fullName(to));
  if (isTransfer) await deleteSharing(tx, repository.id);
}

/**
 * The former names of a repository.
 *
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function listAliases(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<RepositoryName[]> {
  const { repository } = await getAdministered(ctx, actor, name);
  return store.listAliases(ctx.db, repository.id);
}

/**
 * Lets a former name go: whoever still pulls by it gets a 404, and a new repository can have it.
 *
 * @throws AppError `not_found`, `conflict` when the repository has immutable tags, `forbidden`, `unauthenticated`, `inactive`
 */
export async function removeAlias(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  alias: RepositoryName,
): Promise<void> {
  const { repository, doer } = await getAdministered(ctx, actor, name);
  await removeAliasAs(ctx, repository, alias, doer);
}

/**
 * The same without asking whether the doer may.
 *
 * @param options.evenImmutable - also one by which immutable tags are pulled
 * @throws AppError `not_found`, `conflict` when the repository has immutable tags
 */
export async function removeAliasAs(
  ctx: Needs<'db'>,
  repository: RepositoryName & { readonly id: number },
  alias: RepositoryName,
  doer: Doer,
  options: { evenImmutable: boolean } = { evenImmutable: false },
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    if (!options.evenImmutable) await assertNoImmutableTags(tx, repository, 'conflict');
    if (!(await store.deleteAlias(tx, alias, repository.id))) {
      throw new AppError('not_found', `${displayName(alias)} is no former name of ${displayName(repository)}`);
    }
    const details = { of: displayName(repository) };
    const event = { action: 'repository.alias_removed', subject: displayName(alias), details } as const;
    await recordEvent(tx, doer, event);
  });
}
