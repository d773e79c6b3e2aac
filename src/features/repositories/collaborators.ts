import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { Actor, RepositoryName } from '../access/actor';
import { getUser } from '../accounts/users';
import { getAdministered } from './administered';
import { displayName } from './names';
import * as store from './sharing.store';

/*
 * Collaborators push and pull a user's repository (protocol 6.4). An organization shares by teams instead.
 */

export interface Collaborator {
  readonly username: string;
  readonly since: Date;
}

/** @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive` */
export async function listCollaborators(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Collaborator[]> {
  const { repository } = await getAdministered(ctx, actor, name);
  const rows = await store.listCollaborators(ctx.db, repository.id);
  return rows.map((row) => ({ username: row.username, since: row.created_at }));
}

/**
 * Lets a user push to and pull from a repository.
 *
 * @returns false when he may already
 * @throws AppError `conflict` for the owner, a robot, or a repository of an organization, `not_found`, `forbidden`,
 *   `unauthenticated`, `inactive`
 */
export async function addCollaborator(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  username: string,
): Promise<boolean> {
  const { repository, doer } = await getAdministered(ctx, actor, name);
  if ((await store.kindOfNamespace(ctx.db, repository.namespace)) !== 'user') {
    throw new AppError('conflict', `${repository.namespace} is not a user: give a team access instead`);
  }
  const user = await getUser(ctx, username);
  if (user.username === repository.namespace)
    throw new AppError('conflict', `${user.username} already owns the repository`);
  if (user.robotOf !== undefined)
    throw new AppError('conflict', 'A robot can only access repositories of its organization');
  return inTransaction(ctx.db, async (tx) => {
    if (!(await store.insertCollaborator(tx, repository.id, user.id))) return false;
    const details = { collaborator: user.username };
    const event = { action: 'collaborator.added', subject: displayName(repository), details } as const;
    await recordEvent(tx, doer, event);
    return true;
  });
}

/**
 * Takes away what `addCollaborator` gave.
 *
 * @throws AppError `not_found` also when he is no collaborator, `forbidden`, `unauthenticated`, `inactive`
 */
export async function removeCollaborator(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  username: string,
): Promise<void> {
  const { repository, doer } = await getAdministered(ctx, actor, name);
  const user = await getUser(ctx, username);
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.deleteCollaborator(tx, repository.id, user.id))) {
      throw new AppError('not_found', `${user.username} is not a collaborator of ${displayName(repository)}`);
    }
    const details = { collaborator: user.username };
    const event = { action: 'collaborator.removed', subject: displayName(repository), details } as const;
    await recordEvent(tx, doer, event);
  });
}
