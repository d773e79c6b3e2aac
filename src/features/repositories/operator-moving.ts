import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { OPERATOR } from '../audit/audit';
import type { RepositoryName } from '../access/actor';
import { assertPossible, moveAs, removeAliasAs } from './moving';
import * as store from './moving.store';
import { sameRepository } from './names';
import { getForOperator } from './operator';
import { findScope } from './scope.store';

/* Renaming, transferring and former names on an operator's behalf: nobody is asked for permission. */

/**
 * Gives a repository another name, another namespace, or both; it stays good for pulls by its former name.
 *
 * @throws AppError `invalid`, `not_found`, `conflict` when the name is taken, or was another repository's, `forbidden`
 *   while it is being deleted, or when the plan of the other namespace has no room for a private one
 */
export async function moveAsOperator(
  ctx: Needs<'db' | 'settings'>,
  name: RepositoryName,
  to: RepositoryName,
): Promise<void> {
  const id = await getForOperator(ctx, name, 'commandMove');
  assertPossible(ctx, to);
  if (sameRepository(name, to)) return;
  const { namespace_name: namespace } = await findScope(ctx.db, undefined, to);
  if (namespace === null) throw new AppError('not_found', `No such namespace: ${to.namespace}`);
  await moveAs(ctx, { ...name, id }, to, OPERATOR);
}

/** @throws AppError `not_found` */
export async function listAliasesAsOperator(ctx: Needs<'db'>, name: RepositoryName): Promise<RepositoryName[]> {
  return store.listAliases(ctx.db, await getForOperator(ctx, name, 'commandList'));
}

/**
 * Lets a former name go.
 *
 * @param options.evenImmutable - also one by which immutable tags are pulled
 * @throws AppError `not_found` for the repository, or when it never had this name, `conflict` when it has immutable tags
 */
export async function removeAliasAsOperator(
  ctx: Needs<'db'>,
  name: RepositoryName,
  alias: RepositoryName,
  options: { evenImmutable: boolean },
): Promise<void> {
  const id = await getForOperator(ctx, name, 'commandList');
  await removeAliasAs(ctx, { ...name, id }, alias, OPERATOR, options);
}
