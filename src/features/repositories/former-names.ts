import type { Db } from '../../platform/db/db';
import { AppError, type ErrorCode } from '../../platform/errors';
import type { RepositoryName } from '../access/actor';
import { findAlias } from './moving.store';
import { displayName } from './names';

/**
 * Refuses a name that another repository had before, whether that repository still exists or not.
 *
 * @param own - the id of the repository that gets the name; undefined: a new one
 * @param code - `forbidden` for a push, because engines show its message, `conflict` elsewhere
 * @throws AppError with that code
 */
export async function assertNotFormer(
  tx: Db,
  name: RepositoryName,
  own: number | undefined,
  code: Extract<ErrorCode, 'forbidden' | 'conflict'>,
): Promise<void> {
  const alias = await findAlias(tx, name);
  if (alias === undefined || (own !== undefined && alias.repository_id === own)) return;
  const shown = displayName(name);
  if (alias.repository_id === null) {
    throw new AppError(
      code,
      `${shown} is the former name of a repository that is gone, and hosts may still pull by it. ` +
        'Choose another name, or ask an administrator to release this one',
    );
  }
  throw new AppError(
    code,
    code === 'forbidden'
      ? `${shown} was renamed: push to its new name, or remove the former one`
      : `${shown} is the former name of another repository`,
  );
}
