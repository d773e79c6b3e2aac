import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent, SERVER, type Doer } from '../audit/audit';
import type { Actor, RepositoryName } from '../access/actor';
import { doerOf } from '../access/doer';
import { getDeletable } from './administered';
import { assertNoImmutableTags } from './immutable-tags';
import { displayName } from './names';
import { canAdminister, canRead } from '../access/policy';
import * as store from './repositories.store';
import { authorizationRequired, findScope, type Repository } from './scope';

/*
 * Deleting a repository takes three steps, of which scripts often send only the first (protocol 2.11):
 *
 *   1. index    DELETE R/            active -> deleting, a delete token is given out
 *   2. registry DELETE R/ (token)    the images and tags go; the token is used up
 *   3. index    DELETE R/            deleting -> gone; happens by itself after 24 hours
 *
 * The API, the pages and the command line delete at once, also what step 1 began. The name stays taken until the end:
 * step 3 has nothing but the name, and must not delete a repository that was made under it meanwhile. Everything else is
 * free after step 1. A repository with immutable tags is not deleted in any of these ways.
 */

const MISSING = 'Repository not found';

/** A repository, and who may delete it. */
interface Deletable {
  readonly repository: Repository;
  readonly doer: Doer;
}

/**
 * The repository, for somebody who may delete it through the index.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `not_found`
 */
async function assertIndexDeletable(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Deletable> {
  const { principal, repository } = await findScope(ctx, actor, name);
  if (principal === undefined || actor.kind === 'token') throw new AppError('unauthenticated', '');
  if (repository === undefined || !canRead(principal, repository)) throw new AppError('not_found', MISSING);
  if (!canAdminister(principal, repository)) {
    throw new AppError('forbidden', 'Access Denied: Not allowed to delete Repo at given location');
  }
  return { repository, doer: doerOf(actor, principal) };
}

/**
 * Step 1, or step 3 when it is being deleted already.
 *
 * @returns the repository after step 1; undefined after step 3: it is gone
 * @throws AppError `unauthenticated`, `forbidden` also when it has immutable tags, `not_found`
 */
export async function deleteThroughIndex(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
): Promise<Repository | undefined> {
  const { repository, doer } = await assertIndexDeletable(ctx, actor, name);
  const isLastStep = repository.state === 'deleting';
  await inTransaction(ctx.db, async (tx) => {
    if (!isLastStep) await assertNoImmutableTags(tx, repository, 'forbidden');
    const takeStep = isLastStep ? store.deleteRepository : store.markDeleting;
    if (!(await takeStep(tx, repository.id))) return;
    const action = isLastStep ? 'repository.deleted' : 'repository.deletion_started';
    await recordEvent(tx, doer, { action, subject: displayName(name) });
  });
  return isLastStep ? undefined : repository;
}

/**
 * Whether the actor may ask for a delete token without deleting anything yet.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `not_found`
 */
export async function assertMayAskToDelete(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Repository> {
  return (await assertIndexDeletable(ctx, actor, name)).repository;
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
export async function assertMayDelete(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Deletable> {
  const { principal, repository } = await findScope(ctx, actor, name);
  if (principal === undefined) throw authorizationRequired();
  if (actor.kind === 'token' && actor.access !== 'delete') throw authorizationRequired();
  if (repository === undefined || !canRead(principal, repository)) throw new AppError('not_found', MISSING);
  if (!canAdminister(principal, repository)) throw new AppError('forbidden', 'Access denied');
  // A guest's token was used up at his index.
  const isOurToken = actor.kind === 'token' && actor.guest === undefined;
  if (isOurToken && !(await store.consumeDeleteNonce(ctx.db, repository.id, actor.nonce))) {
    throw repository.state === 'deleting' ? new AppError('not_found', MISSING) : authorizationRequired();
  }
  return { repository, doer: doerOf(actor, principal) };
}

/**
 * Step 2 (protocol 4.11): tags and images go from the repository; bytes that nothing else uses are freed by gc. Of a
 * remote repository nothing is left: the other steps are its own index's.
 *
 * @throws AppError `unauthenticated`, `forbidden` also when it has immutable tags, `not_found` when there is nothing to
 *   delete any more
 */
export async function deleteThroughRegistry(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<void> {
  const { repository, hadAnything } = await inTransaction(ctx.db, async (tx) => {
    const { repository: found, doer } = await assertMayDelete({ db: tx }, actor, name);
    return { repository: found, hadAnything: await empty(tx, found, doer) };
  });
  if (!hadAnything && repository.state !== 'deleting') throw new AppError('not_found', MISSING);
}

/** @returns whether there was anything in it */
async function empty(tx: Db, repository: Repository, doer: Doer): Promise<boolean> {
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
 * All steps at once, or what is left of them, for clients that need no engine's ways.
 *
 * @throws AppError `not_found`, `conflict` when it has immutable tags, `forbidden`, `unauthenticated`, `inactive`
 */
export async function deleteAtOnce(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const { repository, doer } = await getDeletable({ db: tx }, actor, name);
    if (repository.state !== 'deleting') await assertNoImmutableTags(tx, repository, 'conflict');
    if (!(await store.deleteRepository(tx, repository.id))) throw new AppError('not_found', MISSING);
    await recordEvent(tx, doer, { action: 'repository.deleted', subject: displayName(repository) });
  });
}

/**
 * Finishes deletions that nobody finished (protocol 2.11).
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
