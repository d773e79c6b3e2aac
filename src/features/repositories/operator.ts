import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { OPERATOR, recordEvent } from '../audit/audit';
import type { RepositoryName } from '../access/actor';
import type { Visibility } from '../access/policy';
import type { Place } from '../access/repository-states';
import { assertNoImmutableTags } from './immutable-tags';
import { assertRepositoryName, displayName } from './names';
import * as store from './repositories.store';
import { findScope } from './scope.store';
import type { RepositoryState } from './scope-row';
import { isBeingDeleted, outcomeFor, repositoryFrom } from './scope';
import { changeVisibility, makeNewRepository } from './visibility';

/** A repository as an operator lists it. */
export interface RepositorySummary extends RepositoryName {
  readonly state: RepositoryState;
  readonly visibility: Visibility;
  readonly tagCount: number;
  readonly imageCount: number;
  readonly updatedAt: Date;
}

/** All repositories, or those of one namespace, by name. For operators: it asks nobody for permission. */
export async function listRepositories(ctx: Needs<'db'>, namespace?: string): Promise<RepositorySummary[]> {
  const rows = await store.listAll(ctx.db, namespace);
  return rows.map((row) => ({
    namespace: row.namespace,
    name: row.name,
    state: row.state,
    visibility: row.visibility,
    tagCount: row.tag_count,
    imageCount: row.image_count,
    updatedAt: row.updated_at,
  }));
}

/**
 * The number of a repository, for what an operator wants to do with it.
 *
 * @throws AppError `not_found`, `forbidden` when its state does not allow this
 */
export async function getForOperator(ctx: Needs<'db'>, name: RepositoryName, place: Place): Promise<number> {
  const repository = repositoryFrom(await findScope(ctx.db, undefined, name));
  if (repository === undefined) throw new AppError('not_found', `No such repository: ${displayName(name)}`);
  if (outcomeFor(place, repository) !== 'refused') return repository.id;
  if (!repository.isRemote) throw isBeingDeleted(name);
  throw new AppError('forbidden', `${displayName(name)} is a repository of another index: change it there`);
}

/**
 * Makes an empty repository, for an operator.
 *
 * @throws AppError `invalid`, `not_found` when there is no such namespace, `conflict` when it exists, `forbidden` when
 *   the plan has no room for a private one
 */
export async function createRepository(
  ctx: Needs<'db' | 'settings'>,
  name: RepositoryName,
  options: { visibility: Visibility },
): Promise<void> {
  assertRepositoryName(name, ctx.settings.hubLimits);
  const { namespace_name: namespace } = await findScope(ctx.db, undefined, name);
  if (namespace === null) throw new AppError('not_found', `No such namespace: ${name.namespace}`);
  await inTransaction(ctx.db, (tx) => makeNewRepository(tx, name, { ...options, doer: OPERATOR }));
}

/**
 * Deletes a repository at once, with its tags and image list, for an operator.
 *
 * @param options.evenImmutable - also one that has immutable tags
 * @throws AppError `not_found`, `conflict` when it has immutable tags
 */
export async function deleteRepository(
  ctx: Needs<'db'>,
  name: RepositoryName,
  options: { evenImmutable: boolean } = { evenImmutable: false },
): Promise<void> {
  const id = await getForOperator(ctx, name, 'commandDelete');
  await inTransaction(ctx.db, async (tx) => {
    if (!options.evenImmutable) await assertNoImmutableTags(tx, { ...name, id }, 'conflict');
    await store.deleteRepository(tx, id);
    await recordEvent(tx, OPERATOR, { action: 'repository.deleted', subject: displayName(name) });
  });
}

/**
 * Changes who may pull, for an operator.
 *
 * @throws AppError `not_found`, `forbidden` when the plan has no room for a private one
 */
export async function setVisibilityAsOperator(
  ctx: Needs<'db'>,
  name: RepositoryName,
  visibility: Visibility,
): Promise<void> {
  await changeVisibility(ctx, { id: await getForOperator(ctx, name, 'commandVisibility'), name }, visibility, OPERATOR);
}
