import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import type { Actor, RepositoryName } from '../access/actor';
import type { Place } from '../access/repository-states';
import {
  assertAdministered,
  assertDeletable,
  assertParticipant,
  assertReadable,
  assertVisible,
  assertWritable,
  type AdministeredRepository,
  type DeletableRepository,
  type ParticipantRepository,
  type ReadableRepository,
  type VisibleRepository,
  type WritableRepository,
} from './access';
import { lockRepository } from './repositories.store';
import { findRepositoryAccess } from './repository-access';

/*
 * Functions with which a surface gets the repository that a request names, each with one query. All of them refuse with
 * `unauthenticated` when a token is for another repository or the account behind the actor has changed, and with
 * `inactive`.
 */

/** How to look for a repository, and the message if there is none. */
export interface Asking {
  /** whether a former name of a repository is enough: only for reading */
  readonly followsAliases?: boolean;
  /** undefined: as `repositoryNotFound` */
  readonly missing?: string;
}

/** @throws AppError as `assertReadable`; `unauthenticated`, `inactive` */
export async function getReadable(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  options: Asking = {},
): Promise<ReadableRepository> {
  return assertReadable(await findRepositoryAccess(ctx, actor, name, options), options.missing);
}

/** @throws AppError as `assertVisible`; `unauthenticated`, `inactive` */
export async function getVisible(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  options: Asking = {},
): Promise<VisibleRepository> {
  return assertVisible(await findRepositoryAccess(ctx, actor, name, options), options.missing);
}

/** @throws AppError as `assertWritable`; `inactive` */
export async function getWritable(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  options: Pick<Asking, 'missing'> = {},
): Promise<WritableRepository> {
  return assertWritable(await findRepositoryAccess(ctx, actor, name), options.missing);
}

/** @throws AppError as `assertDeletable`; `inactive` */
export async function getDeletable(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<DeletableRepository> {
  return assertDeletable(await findRepositoryAccess(ctx, actor, name));
}

/** @throws AppError as `assertAdministered`; `inactive` */
export async function getAdministered(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  place?: Place,
): Promise<AdministeredRepository> {
  return assertAdministered(await findRepositoryAccess(ctx, actor, name), place);
}

/** @throws AppError as `assertParticipant`; `inactive` */
export async function getParticipant(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
): Promise<ParticipantRepository> {
  return assertParticipant(await findRepositoryAccess(ctx, actor, name));
}

/**
 * Locks the repository, so that nothing else changes it until the transaction ends, and authorises it again, because
 * its facts may have changed before the lock.
 *
 * @throws AppError as `getAdministered`
 */
export async function lockAdministered(tx: Db, repository: AdministeredRepository): Promise<AdministeredRepository> {
  await lockRepository(tx, repository.id);
  return getAdministered({ db: tx }, repository.access.actor, repository);
}
