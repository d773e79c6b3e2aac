import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { OPERATOR, recordEvent, type Doer } from '../audit/audit';
import type { Actor, RepositoryName } from '../accounts/actor';
import { doerOf } from '../accounts/doer';
import { deleteUser, getUser } from '../accounts/users';
import { displayName, parseRepositoryName, sameRepository } from './names';
import { canAdminister } from './policy';
import * as store from './repositories.store';
import { assertReadable, authorizationRequired, findScope } from './scope';
import type { RepositoryState } from './scope-row';

/** A repository as an operator lists it. */
export interface RepositorySummary extends RepositoryName {
  readonly state: RepositoryState;
  readonly isPrivate: boolean;
  readonly tagCount: number;
  readonly imageCount: number;
  readonly updatedAt: Date;
}

const MISSING = 'Repository not found';

/**
 * Whether strangers may pull (protocol 4.12).
 *
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function isPrivate(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<boolean> {
  return assertReadable(await findScope(ctx, actor, name), MISSING).isPrivate;
}

/**
 * Changes who may pull (protocol 4.12); a token is not enough, since it only stands for a push or a pull.
 *
 * @param readValue - reads from the wire whether it shall be private; not called for somebody who may not say so
 * @throws AppError `not_found`, `unauthenticated`, `forbidden`
 */
export async function setPrivate(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  readValue: () => Promise<boolean>,
): Promise<void> {
  const scope = await findScope(ctx, actor, name);
  if (scope.principal === undefined || actor.kind === 'token') throw authorizationRequired();
  const repository = assertReadable(scope, MISSING);
  if (!canAdminister(scope.principal, repository)) throw new AppError('forbidden', 'Access denied');
  await changeVisibility(ctx, { id: repository.id, name }, await readValue(), doerOf(actor, scope.principal));
}

async function changeVisibility(
  ctx: Needs<'db'>,
  repository: { id: number; name: RepositoryName },
  value: boolean,
  doer: Doer,
): Promise<void> {
  const details = { to: value ? 'private' : 'public' };
  await inTransaction(ctx.db, async (tx) => {
    await store.updateVisibility(tx, repository.id, value);
    const subject = displayName(repository.name);
    await recordEvent(tx, doer, { action: 'repository.visibility_changed', subject, details });
  });
}

/**
 * Uses a token up, for a registry that asks whether it may act on it (protocol 2.9).
 *
 * @throws AppError `unauthenticated` without a token, `forbidden` when it does not allow anything here, `not_found`
 */
export async function authorizeToken(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<void> {
  if (actor.kind !== 'token') throw authorizationRequired();
  if (!sameRepository(actor.repository, name)) throw new AppError('forbidden', 'Access denied');
  const { repository, principal } = await findScope(ctx, actor, name);
  if (repository === undefined) throw new AppError('not_found', MISSING);
  if (actor.access !== 'read' && !canAdminister(principal, repository))
    throw new AppError('forbidden', 'Access denied');
  if (actor.access !== 'delete') {
    assertReadable({ repository, principal, namespace: undefined }, MISSING);
    return;
  }
  if (!(await store.consumeDeleteNonce(ctx.db, repository.id, actor.nonce))) {
    throw new AppError('forbidden', 'Access denied');
  }
}

/** All repositories, or those of one namespace, by name. For operators: it asks nobody for permission. */
export async function listRepositories(ctx: Needs<'db'>, namespace?: string): Promise<RepositorySummary[]> {
  const rows = await store.listAll(ctx.db, namespace);
  return rows.map((row) => ({
    namespace: row.namespace,
    name: row.name,
    state: row.state,
    isPrivate: row.is_private,
    tagCount: row.tag_count,
    imageCount: row.image_count,
    updatedAt: row.updated_at,
  }));
}

async function getForOperator(ctx: Needs<'db'>, name: RepositoryName): Promise<number> {
  const { repository_id: id } = await store.findScope(ctx.db, undefined, name);
  if (id === null) throw new AppError('not_found', `No such repository: ${displayName(name)}`);
  return id;
}

/**
 * Makes an empty repository, for an operator.
 *
 * @throws AppError `invalid`, `not_found` when there is no such namespace, `conflict` when it exists
 */
export async function createRepository(
  ctx: Needs<'db' | 'settings'>,
  name: RepositoryName,
  options: { isPrivate: boolean },
): Promise<void> {
  if (!parseRepositoryName(name.namespace, name.name, ctx.settings.hubLimits)) {
    throw new AppError('invalid', `No repository can have the name ${displayName(name)}`);
  }
  const { namespace_name: namespace } = await store.findScope(ctx.db, undefined, name);
  if (namespace === null) throw new AppError('not_found', `No such namespace: ${name.namespace}`);
  const subject = displayName(name);
  await inTransaction(ctx.db, async (tx) => {
    const isMade = await store.insertRepository(tx, name, options.isPrivate);
    if (!isMade) throw new AppError('conflict', `${subject} already exists`);
    await recordEvent(tx, OPERATOR, { action: 'repository.created', subject });
  });
}

/**
 * Deletes a repository at once, with its tags and image list, for an operator.
 *
 * @throws AppError `not_found`
 */
export async function deleteRepository(ctx: Needs<'db'>, name: RepositoryName): Promise<void> {
  const id = await getForOperator(ctx, name);
  await inTransaction(ctx.db, async (tx) => {
    await store.deleteRepository(tx, id);
    await recordEvent(tx, OPERATOR, { action: 'repository.deleted', subject: displayName(name) });
  });
}

/**
 * Deletes an account, its namespace and all repositories in it, for an operator or administrator: all of it or, when somebody makes one
 * more repository at this moment, nothing.
 *
 * @returns how many repositories there were
 * @throws AppError `not_found`, `conflict`
 */
export async function deleteUserWithRepositories(
  ctx: Needs<'db'>,
  username: string,
  doer: Doer = OPERATOR,
): Promise<number> {
  return inTransaction(ctx.db, async (tx) => {
    const { id } = await getUser({ db: tx }, username);
    const deleted = await store.deleteAllOfOwner(tx, id);
    for (const name of deleted) {
      await recordEvent(tx, doer, { action: 'repository.deleted', subject: displayName(name) });
    }
    await deleteUser({ db: tx }, username, doer);
    return deleted.length;
  });
}

/**
 * Changes who may pull, for an operator.
 *
 * @throws AppError `not_found`
 */
export async function setVisibility(ctx: Needs<'db'>, name: RepositoryName, value: boolean): Promise<void> {
  await changeVisibility(ctx, { id: await getForOperator(ctx, name), name }, value, OPERATOR);
}
