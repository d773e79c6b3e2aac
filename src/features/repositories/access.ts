import { AppError } from '../../platform/errors';
import type { Account, RepositoryName } from '../access/actor';
import { requiresAuthorization } from '../access/current-account';
import { doerOf } from '../access/doer';
import { canAdminister, canParticipate, canRead, canWrite, roleIn } from '../access/policy';
import type { Place } from '../access/repository-states';
import type { Doer } from '../audit/audit';
import { displayName } from './names';
import { isBeingDeleted, outcomeFor, type Repository, type RepositoryAccess } from './repository-access';

/*
 * Permission as a type. A function of a feature does not take a name, but a repository that the actor was authorised to
 * read, write or administer: so a missing check does not compile. This is the only file that creates these values, and
 * it asks the policy each time. A surface gets one for each request (`get-repository.ts`), and passes it on.
 */

const MAY: unique symbol = Symbol('may');

interface See {
  readonly see: true;
}
interface Read extends See {
  readonly read: true;
}
interface Write extends Read {
  readonly write: true;
}
interface Delete extends See {
  readonly delete: true;
}
interface Administer extends Write, Delete {
  readonly administer: true;
}
interface Participate extends Read {
  readonly participate: true;
}

interface Authorized<May> extends Repository {
  readonly [MAY]: May;
  /** the authorised actor, and the facts for the decision */
  readonly access: RepositoryAccess;
  /** the actor, for the audit log */
  readonly doer: Doer;
}

/**
 * A repository that the actor may see: one that they may read, or one that is being deleted and in which they have a
 * role.
 */
export type VisibleRepository = Authorized<See>;
/** A repository that the actor may read: pull from, and view. */
export type ReadableRepository = Authorized<Read>;
/** A repository that the actor may push to. */
export type WritableRepository = Authorized<Write>;
/** A repository that the actor may delete, also while it is being deleted already. */
export type DeletableRepository = Authorized<Delete>;
/** A repository in which the actor may change everything: settings, visibility, collaborators, webhooks, its name. */
export type AdministeredRepository = Authorized<Administer>;
/** A repository that this account may star, and whose comments it may write and flag. */
export type ParticipantRepository = Authorized<Participate> & { readonly account: Account };

function authorized<May>(access: RepositoryAccess, repository: Repository, may: May): Authorized<May> {
  return { ...repository, [MAY]: may, access, doer: doerOf(access.actor, access.principal) };
}

/** The answer about a repository that does not exist, or that the actor may not know about. */
export function repositoryNotFound(cause?: unknown): AppError {
  return new AppError('not_found', 'Repository not found', cause === undefined ? {} : { cause });
}

/** The same in a sentence with its name, for requests that involve several. */
export function noSuchRepository(name: RepositoryName): string {
  return `No such repository: ${displayName(name)}`;
}

function notFound({ actor, asked }: RepositoryAccess, missing: string | undefined): AppError {
  if (missing === undefined && actor.kind !== 'operator') return repositoryNotFound();
  return new AppError('not_found', missing ?? noSuchRepository(asked));
}

/** Nobody reads a repository that is being deleted. */
function toRead({ principal, repository }: RepositoryAccess): Repository | undefined {
  const isReadable = repository !== undefined && repository.state !== 'deleting' && canRead(principal, repository);
  return isReadable ? repository : undefined;
}

/** The repository, if the actor may read it. */
export function readableIn(access: RepositoryAccess): ReadableRepository | undefined {
  const repository = toRead(access);
  return repository && authorized(access, repository, { see: true, read: true });
}

/** Whether only builds push to the repository, and the actor is none of them. */
export function isForBuilds({ actor, repository }: RepositoryAccess): boolean {
  if (repository?.isAutomated !== true) return false;
  return actor.kind !== 'user' || actor.build?.repositoryId !== repository.id;
}

/** The answer to a push by hand to an automated repository, for those who may push there otherwise. */
export function isAutomated(name: RepositoryName): AppError {
  const text = `${displayName(name)} is an automated repository: it is built from its source, and cannot be pushed to`;
  return new AppError('forbidden', text);
}

/** The repository, if the actor may push to it with these credentials. */
export function writableIn(access: RepositoryAccess): WritableRepository | undefined {
  const { actor, principal } = access;
  const repository = toRead(access);
  if (repository === undefined || !canWrite(principal, repository) || isForBuilds(access)) return undefined;
  if (actor.kind === 'token' && actor.access !== 'write') return undefined;
  return authorized(access, repository, { see: true, read: true, write: true });
}

/** The repository, if the actor may delete it with these credentials. */
export function deletableIn(access: RepositoryAccess): DeletableRepository | undefined {
  const { actor, principal, repository } = access;
  if (repository === undefined || !canAdminister(principal, repository)) return undefined;
  if (actor.kind === 'token' && actor.access !== 'delete') return undefined;
  return authorized(access, repository, { see: true, delete: true });
}

/** The repository, if the actor may change its settings now. A token of the protocol is only for a push or a pull. */
export function administeredIn(access: RepositoryAccess): AdministeredRepository | undefined {
  const repository = access.actor.kind === 'token' ? undefined : deletableIn(access);
  if (repository === undefined || repository.state === 'deleting') return undefined;
  return authorized(access, repository, { see: true, read: true, write: true, delete: true, administer: true });
}

/** @throws AppError `not_found`: nobody learns whether there is a private repository of this name */
export function assertReadable(access: RepositoryAccess, missing?: string): ReadableRepository {
  const repository = readableIn(access);
  if (repository === undefined) throw notFound(access, missing);
  return repository;
}

/** @throws AppError `not_found` */
export function assertVisible(access: RepositoryAccess, missing?: string): VisibleRepository {
  const { principal, repository } = access;
  if (repository?.state !== 'deleting') return assertReadable(access, missing);
  if (roleIn(principal, repository) === undefined) throw notFound(access, missing);
  return authorized(access, repository, { see: true });
}

/** @throws AppError `unauthenticated` for an anonymous actor or a token that does not allow it, `not_found`, `forbidden` */
export function assertWritable(access: RepositoryAccess, missing?: string): WritableRepository {
  const { actor, principal } = access;
  if (principal === undefined || (actor.kind === 'token' && actor.access !== 'write')) throw requiresAuthorization();
  const found = toRead(access);
  if (found === undefined) throw notFound(access, missing);
  const repository = writableIn(access);
  if (repository !== undefined) return repository;
  if (canWrite(principal, found)) throw isAutomated(found);
  if (actor.kind === 'token') throw requiresAuthorization();
  throw new AppError('forbidden', 'Access denied');
}

/** @throws AppError `unauthenticated`, `not_found`, `forbidden` */
export function assertDeletable(access: RepositoryAccess, missing?: string): DeletableRepository {
  const { actor, principal } = access;
  if (principal === undefined || actor.kind === 'token') throw requiresAuthorization();
  assertVisible(access, missing);
  const repository = deletableIn(access);
  if (repository === undefined) throw new AppError('forbidden', 'Access denied');
  return repository;
}

/**
 * @param place - decides in which states the repository can be changed
 * @throws AppError `unauthenticated`, `not_found`, `forbidden` also when its state does not allow this
 */
export function assertAdministered(access: RepositoryAccess, place: Place = 'apiPatch'): AdministeredRepository {
  const deletable = assertDeletable(access);
  const repository = administeredIn(access);
  if (repository === undefined) throw isBeingDeleted(deletable);
  if (outcomeFor(place, repository) !== 'refused') return repository;
  const text = `${displayName(repository)} belongs to another index: change it there`;
  throw new AppError('forbidden', text);
}

/**
 * @throws AppError `unauthenticated`, `not_found`, `forbidden` for an access token that may only read, or is not for this
 *   repository
 */
export function assertParticipant(access: RepositoryAccess): ParticipantRepository {
  const { actor, principal } = access;
  if (principal === undefined || actor.kind === 'token') throw requiresAuthorization();
  const repository = toRead(access);
  if (repository === undefined) throw notFound(access, undefined);
  if (!canParticipate(principal)) throw new AppError('forbidden', 'This access token does not allow this');
  return { ...authorized(access, repository, { see: true, read: true, participate: true }), account: principal };
}
