import type { Db } from '../../platform/db/db';
import { AppError, type ErrorCode } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { canRead } from '../access/policy';
import { findAlias } from './moving.store';
import { displayName } from './names';
import { findRepositoryAccess } from './repository-access';

/**
 * Refuses a name that another repository had before, whether that repository still exists or not.
 *
 * @param own - the id of the repository that gets the name; undefined: a new one
 * @param code - `forbidden` for a push, because engines show its message, `conflict` elsewhere
 * @throws AppError with that code
 */
export async function assertNotFormer(
  tx: Db,
  actor: Actor,
  name: RepositoryName,
  own: number | undefined,
  code: Extract<ErrorCode, 'forbidden' | 'conflict'>,
): Promise<void> {
  const alias = await findAlias(tx, name);
  if (alias === undefined || (own !== undefined && alias.repository_id === own)) return;
  const shown = displayName(name);
  if (!(await canReadFormer(tx, actor, name))) throw new AppError(code, reservedFormerName(name));
  throw new AppError(
    code,
    code === 'forbidden'
      ? `${shown} was renamed: push to its new name, or remove the former one`
      : `${shown} is the former name of another repository`,
  );
}

/** Whether the actor may read the repository that had the name before, and so may know that it exists. */
export async function canReadFormer(tx: Db, actor: Actor, name: RepositoryName): Promise<boolean> {
  const { principal, repository } = await findRepositoryAccess({ db: tx }, actor, name, { followsAliases: true });
  return repository !== undefined && repository.state !== 'deleting' && canRead(principal, repository);
}

/** Why nobody can take a former name: the same for a repository that is gone, and one that the actor may not read. */
export function reservedFormerName(name: RepositoryName): string {
  return (
    `${displayName(name)} is the former name of another repository, and hosts may still pull by it. ` +
    'Choose another name, or ask an administrator to release this one'
  );
}
