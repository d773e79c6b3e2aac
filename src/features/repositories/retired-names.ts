import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { assertConfirmed, requireAdministrator, requireAdministratorLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
import { recordEvent } from '../audit/audit';
import * as store from './retired-names.store';

/*
 * Names that nobody can take because hosts may still pull by them, although the named thing is gone:
 *
 *   - the name of a namespace, once anyone could pull from it;
 *   - the former name of a namespace that was renamed (`renaming.ts`);
 *   - the former name of a repository that was transferred to another namespace, and deleted there.
 *
 * A name in a namespace that still exists belongs to the owner, who may delete a repository and create it again. Only
 * an administrator can free a retired name, knowing that those hosts will trust the next account that takes it.
 */

/** A name that nobody can take. */
export interface RetiredName {
  /** `namespace`, or `namespace/name` for the former name of a repository */
  readonly name: string;
  /** since when clients could pull by it, or since when it is a former name */
  readonly since: Date;
  /** the namespace that had the name before it was renamed; undefined: what had it is gone */
  readonly heldBy: string | undefined;
}

/**
 * The retired names, for administrators.
 *
 * @param range - undefined: the whole list
 * @throws AppError as `requireAdministrator`
 */
export async function listRetiredNames(
  ctx: Needs<'db'>,
  actor: Actor,
  range?: Range,
): Promise<{ total: number; names: RetiredName[] }> {
  await requireAdministrator(ctx, actor);
  const { total, rows } = await store.list(ctx.db, range);
  const names = rows.map(({ namespace, name, since, held_by: heldBy }) => ({
    name: name === null ? namespace : `${namespace}/${name}`,
    since,
    heldBy: heldBy ?? undefined,
  }));
  return { total, names };
}

/**
 * Frees a retired name, so that anyone can take it; for administrators. Freeing a namespace also frees the former names
 * in it whose repositories are gone; those that still lead to a repository stay.
 *
 * @param name - `namespace`, or `namespace/name`
 * @throws AppError `not_found` when the name is not retired; those of `assertConfirmed` and `requireAdministratorLogin`
 */
export async function freeRetiredName(ctx: Needs<'db'>, actor: Actor, name: string): Promise<void> {
  assertConfirmed(actor);
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  const [namespace = '', repository, ...rest] = name.split('/');
  await inTransaction(ctx.db, async (tx) => {
    if (rest.length > 0 || !(await free(tx, namespace, repository))) {
      throw new AppError('not_found', `${name} is not a retired name`);
    }
    await recordEvent(tx, doer, { action: 'name.freed', subject: name });
  });
}

async function free(tx: Needs<'db'>['db'], namespace: string, repository: string | undefined): Promise<boolean> {
  if (repository !== undefined) return store.freeRepository(tx, namespace, repository);
  await store.freeAllWithin(tx, namespace);
  return store.freeNamespace(tx, namespace);
}
