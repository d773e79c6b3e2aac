import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../accounts/actor';
import { canAdminister, canRead } from './policy';
import * as store from './repositories.store';
import { authorizationRequired, findScope, type Repository } from './scope';

/*
 * Deleting a repository takes three steps, of which scripts often send only the first (protocol 2.11):
 *
 *   1. index    DELETE R/            active -> deleting, a delete token is given out
 *   2. registry DELETE R/ (token)    the images and tags go; the token is used up
 *   3. index    DELETE R/            deleting -> gone; happens by itself after 24 hours
 */

const MISSING = 'Repository not found';

/**
 * The repository, for somebody who may delete it through the index.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `not_found`
 */
async function assertIndexDeletable(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Repository> {
  const { principal, repository } = await findScope(ctx, actor, name);
  if (principal === undefined || actor.kind === 'token') throw new AppError('unauthenticated', '');
  if (repository === undefined || !canRead(principal, repository)) throw new AppError('not_found', MISSING);
  if (!canAdminister(principal, repository)) {
    throw new AppError('forbidden', 'Access Denied: Not allowed to delete Repo at given location');
  }
  return repository;
}

/**
 * Step 1, or step 3 when it is being deleted already.
 *
 * @returns the repository after step 1; undefined after step 3: it is gone
 * @throws AppError `unauthenticated`, `forbidden`, `not_found`
 */
export async function deleteThroughIndex(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
): Promise<Repository | undefined> {
  const repository = await assertIndexDeletable(ctx, actor, name);
  if (repository.state === 'deleting') {
    await store.deleteRepository(ctx.db, repository.id);
    return undefined;
  }
  await store.markDeleting(ctx.db, repository.id);
  return repository;
}

/**
 * Whether the actor may ask for a delete token without deleting anything yet.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `not_found`
 */
export async function assertMayAskToDelete(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Repository> {
  return assertIndexDeletable(ctx, actor, name);
}

/** From now on the token with this nonce, and no other, may delete the repository's contents, once. */
export async function allowDeletion(ctx: Needs<'db'>, repository: Repository, nonce: string): Promise<void> {
  await store.updateDeleteNonce(ctx.db, repository.id, nonce);
}

/**
 * The repository, for somebody who deletes something in the registry: its owner with Basic, or whoever brings a delete
 * token, which is used up by this.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `not_found`
 */
export async function assertMayDelete(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Repository> {
  const { principal, repository } = await findScope(ctx, actor, name);
  if (principal === undefined) throw authorizationRequired();
  if (actor.kind === 'token' && actor.access !== 'delete') throw authorizationRequired();
  if (repository === undefined || !canRead(principal, repository)) throw new AppError('not_found', MISSING);
  if (!canAdminister(principal, repository)) throw new AppError('forbidden', 'Access denied');
  if (actor.kind === 'token' && !(await store.consumeDeleteNonce(ctx.db, repository.id, actor.nonce))) {
    throw repository.state === 'deleting' ? new AppError('not_found', MISSING) : authorizationRequired();
  }
  return repository;
}

/**
 * Step 2 (protocol 4.11): tags and images go from the repository; bytes that nothing else uses are freed by gc.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `not_found` when there is nothing to delete any more
 */
export async function deleteThroughRegistry(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<void> {
  const repository = await assertMayDelete(ctx, actor, name);
  const hadAnything = await inTransaction(ctx.db, (tx) => store.deleteContents(tx, repository.id));
  if (!hadAnything && repository.state !== 'deleting') throw new AppError('not_found', MISSING);
}

/**
 * Finishes deletions that nobody finished (protocol 2.11).
 *
 * @param before - only those that began earlier than this
 */
export async function finishDeletions(ctx: Needs<'db' | 'log'>, before: Date): Promise<void> {
  for (const repository of await store.deleteOverdue(ctx.db, before)) {
    ctx.log.info({ repository: `${repository.namespace}/${repository.name}` }, 'deletion finished');
  }
}
