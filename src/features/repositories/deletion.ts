import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent, SERVER } from '../audit/audit';
import type { Actor, RepositoryName } from '../access/actor';
import { requiresAuthorization } from '../access/current-account';
import { canRead } from '../access/policy';
import { deletableIn, repositoryNotFound, type DeletableRepository } from './access';
import { assertNoImmutableTags } from './immutable-tags';
import { displayName } from './names';
import * as store from './repositories.store';
import { findRepositoryAccess, type RepositoryAccess } from './repository-access';

/*
 * Deleting a repository takes three steps, of which scripts often send only the first (protocol 2.11):
 *
 *   1. index    DELETE R/            active -> deleting, the answer has a delete token
 *   2. registry DELETE R/ (token)    deletes images and tags, uses up the token
 *   3. index    DELETE R/            deleting -> gone; happens by itself after 24 hours
 *
 * The API, the pages and the command line delete at once, even after step 1. The name stays taken until the end: step 3
 * has nothing but the name, and must not delete a repository that was created under it in the meantime. Everything else
 * is free after step 1. A repository with immutable tags is not deleted in any of these ways.
 */

/**
 * The repository, if the actor may know about it and may delete it.
 *
 * @param refusal - the message for actors who may only read it
 */
function deletableOr(refusal: string, access: RepositoryAccess): DeletableRepository {
  const { principal, repository } = access;
  if (repository === undefined || !canRead(principal, repository)) throw repositoryNotFound();
  const deletable = deletableIn(access);
  if (deletable === undefined) throw new AppError('forbidden', refusal);
  return deletable;
}

/**
 * The repository, for an actor who may delete it through the index.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `not_found`, in the words of the index
 */
export async function getIndexDeletable(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
): Promise<DeletableRepository> {
  const access = await findRepositoryAccess(ctx, actor, name);
  if (access.principal === undefined || actor.kind === 'token') throw new AppError('unauthenticated', '');
  return deletableOr('Access Denied: Not allowed to delete Repo at given location', access);
}

/**
 * Step 1, or step 3 if the repository is being deleted already.
 *
 * @returns whether the repository is gone, because this was step 3
 * @throws AppError `forbidden` when it has immutable tags
 */
export async function deleteThroughIndex(ctx: Needs<'db'>, repository: DeletableRepository): Promise<boolean> {
  const isLastStep = repository.state === 'deleting';
  await inTransaction(ctx.db, async (tx) => {
    if (!isLastStep) await assertNoImmutableTags(tx, repository, 'forbidden');
    const takeStep = isLastStep ? store.deleteRepository : store.markDeleting;
    if (!(await takeStep(tx, repository.id))) return;
    const action = isLastStep ? 'repository.deleted' : 'repository.deletion_started';
    await recordEvent(tx, repository.doer, { action, subject: displayName(repository) });
  });
  return isLastStep;
}

/** From now on the token with this nonce, and no other, may delete the repository's contents, once. */
export async function allowDeletion(ctx: Needs<'db'>, repository: DeletableRepository, nonce: string): Promise<void> {
  await store.updateDeleteNonce(ctx.db, repository.id, nonce);
}

/**
 * The repository, for an actor who deletes something in the registry: its owner with Basic, or the holder of a delete
 * token, which `useDeleteToken` uses up.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `not_found`, in the words of the registry
 */
export async function getRegistryDeletable(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
): Promise<DeletableRepository> {
  const access = await findRepositoryAccess(ctx, actor, name);
  if (access.principal === undefined) throw requiresAuthorization();
  if (actor.kind === 'token' && actor.access !== 'delete') throw requiresAuthorization();
  return deletableOr('Access denied', access);
}

/**
 * Uses up the delete token that the repository was authorised with, in the transaction, if this index issued it. A
 * guest's token was used up at their own index.
 *
 * @throws AppError `unauthenticated` when it was used before, `not_found` when the deletion has begun since
 */
export async function useDeleteToken(tx: Db, { id, state, access }: DeletableRepository): Promise<void> {
  const { actor } = access;
  if (actor.kind !== 'token' || actor.guest !== undefined) return;
  if (await store.consumeDeleteNonce(tx, id, actor.nonce)) return;
  throw state === 'deleting' ? repositoryNotFound() : requiresAuthorization();
}

/**
 * Step 2 (protocol 4.11): deletes the tags and images of the repository; gc frees bytes that nothing else uses. A
 * remote repository is deleted completely: the other steps belong to its own index.
 *
 * @throws AppError as `useDeleteToken`; `forbidden` when it has immutable tags, `not_found` when there is nothing left
 *   to delete
 */
export async function deleteThroughRegistry(ctx: Needs<'db'>, repository: DeletableRepository): Promise<void> {
  const hadAnything = await inTransaction(ctx.db, async (tx) => {
    await useDeleteToken(tx, repository);
    return empty(tx, repository);
  });
  if (!hadAnything && repository.state !== 'deleting') throw repositoryNotFound();
}

/** @returns whether the repository had any contents */
async function empty(tx: Db, repository: DeletableRepository): Promise<boolean> {
  const { doer } = repository;
  const subject = displayName(repository);
  if (repository.isRemote) {
    const isGone = await store.deleteRepository(tx, repository.id);
    if (isGone) await recordEvent(tx, doer, { action: 'repository.deleted', subject });
    return true;
  }
  await assertNoImmutableTags(tx, repository, 'forbidden');
  await store.deleteAllTags(tx, repository.id, doer);
  const isEmptied = await store.deleteContents(tx, repository.id);
  if (isEmptied) await recordEvent(tx, doer, { action: 'repository.emptied', subject });
  return isEmptied;
}

/**
 * Takes all steps, or the remaining ones, at once, for clients that do not follow the old protocol.
 *
 * @param options.evenImmutable - also a repository that has immutable tags
 * @throws AppError `not_found`, `conflict` when it has immutable tags
 */
export async function deleteAtOnce(
  ctx: Needs<'db'>,
  repository: DeletableRepository,
  options: { readonly evenImmutable?: boolean } = {},
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const mayHaveImmutable = options.evenImmutable === true || repository.state === 'deleting';
    if (!mayHaveImmutable) await assertNoImmutableTags(tx, repository, 'conflict');
    if (!(await store.deleteRepository(tx, repository.id))) throw repositoryNotFound();
    await recordEvent(tx, repository.doer, { action: 'repository.deleted', subject: displayName(repository) });
  });
}

/**
 * Finishes deletions that were left unfinished (protocol 2.11).
 *
 * @param olderThanMs - only those that began longer ago than this
 */
export async function finishDeletions(ctx: Needs<'db' | 'log'>, olderThanMs: number): Promise<void> {
  const deleted = await inTransaction(ctx.db, async (tx) => {
    const overdue = await store.deleteOverdue(tx, olderThanMs);
    for (const name of overdue) {
      await recordEvent(tx, SERVER, { action: 'repository.deleted', subject: displayName(name) });
    }
    return overdue;
  });
  for (const name of deleted) ctx.log.info({ repository: displayName(name) }, 'deletion finished');
}
