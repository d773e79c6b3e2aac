import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import { getUser } from '../accounts/users';
import type { AdministeredRepository } from './access';
import { displayName } from './names';
import * as store from './sharing.store';

/*
 * Collaborators push and pull a user's repository (protocol 6.4). Organizations give access to teams instead.
 */

export interface Collaborator {
  readonly username: string;
  readonly since: Date;
}

/** The users who may push and pull in addition to the owner, by name. */
export async function listCollaborators(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<Collaborator[]> {
  const rows = await store.listCollaborators(ctx.db, repository.id);
  return rows.map((row) => ({ username: row.username, since: row.created_at }));
}

/**
 * Lets a user push to and pull from a repository.
 *
 * @returns false when they may already
 * @throws AppError `conflict` for the owner, a robot, or a repository of an organization, `not_found` for the user
 */
export async function addCollaborator(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  username: string,
): Promise<boolean> {
  const { doer } = repository;
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
 * Removes the access that `addCollaborator` gave.
 *
 * @throws AppError `not_found` for the user, also when they are not a collaborator
 */
export async function removeCollaborator(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  username: string,
): Promise<void> {
  const { doer } = repository;
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
