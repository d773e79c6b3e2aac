import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import type { Actor, RepositoryName } from '../access/actor';
import type { Visibility } from '../access/policy';
import { takePrivateSlot } from '../namespaces/plans';
import type { AdministeredRepository } from './access';
import { assertNotFormer } from './former-names';
import { displayName } from './names';
import * as store from './repositories.store';
import { findRepositoryAccess, needsLogin } from './repository-access';

/** Whether an anonymous caller may have to log in to read the repository of this name. */
export async function asksForLogin(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<boolean> {
  return needsLogin(await findRepositoryAccess(ctx, actor, name, { followsAliases: true }));
}

/**
 * Changes who may pull (protocol 4.12).
 *
 * @throws AppError `forbidden` when the plan allows no further private repository
 */
export async function setVisibility(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  visibility: Visibility,
): Promise<void> {
  const { id, namespace, doer } = repository;
  await inTransaction(ctx.db, async (tx) => {
    const from = await store.lockVisibility(tx, id);
    if (from === visibility || from === undefined) return;
    if (visibility === 'private') await takePrivateSlot(tx, namespace);
    await store.updateVisibility(tx, id, visibility);
    const details = { from, to: visibility };
    const event = { action: 'repository.visibility_changed', subject: displayName(repository), details } as const;
    await recordEvent(tx, doer, event);
  });
}

/** A repository that is created, and who creates it. */
interface NewRepository {
  readonly visibility: Visibility;
  readonly actor: Actor;
  /** the actor, for the audit log */
  readonly doer: Doer;
}

/**
 * Creates a repository unless it exists.
 *
 * @returns whether it was created
 * @throws AppError `forbidden` when the plan allows no further private repository, or the name is a former name of
 *   another repository; `not_found` when the namespace is deleted at this moment
 */
export async function createRepositoryIfMissing(
  tx: Db,
  name: RepositoryName,
  options: NewRepository,
): Promise<boolean> {
  await assertNotFormer(tx, options.actor, name, undefined, 'forbidden');
  if (!(await insertUnlessGone(tx, name, options.visibility))) return false;
  // Repositories before namespaces, in the order of locks.
  if (options.visibility === 'private') await takePrivateSlot(tx, name.namespace, 1);
  await recordEvent(tx, options.doer, {
    action: 'repository.created',
    subject: displayName(name),
    details: options.visibility === 'public' ? {} : { visibility: options.visibility },
  });
  return true;
}

async function insertUnlessGone(tx: Db, name: RepositoryName, visibility: Visibility): Promise<boolean> {
  try {
    return await store.insertRepository(tx, name, visibility);
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new AppError('not_found', `No such namespace: ${name.namespace}`, { cause: error });
  }
}

/**
 * Creates a repository that must be new.
 *
 * @throws AppError `conflict` when the name is taken, and as `createRepositoryIfMissing`
 */
export async function createNewRepository(tx: Db, name: RepositoryName, options: NewRepository): Promise<void> {
  if (await createRepositoryIfMissing(tx, name, options)) return;
  const isDeleting = (await store.findState(tx, name)) === 'deleting';
  const why = isDeleting ? 'is being deleted. Delete it once more to end that at once' : 'already exists';
  throw new AppError('conflict', `${displayName(name)} ${why}`);
}
