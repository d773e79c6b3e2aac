import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { identityOf, type Actor, type Principal, type RepositoryName } from '../access/actor';
import { principalFrom, requiresAuthorization } from '../access/current-account';
import { canRead, type NamespaceFacts, type RepositoryFacts, type Visibility } from '../access/policy';
import { outcomeAt, type Outcome, type Place } from '../access/repository-states';
import { displayName, sameRepository } from './names';
import { callerKey } from './last-opened';
import type { RepositoryRow, RepositoryState, RepositoryAccessRow } from './repository-access-row';
import * as store from './repository-access.store';

/** A repository as the rules see it, with its current name. */
export interface Repository extends RepositoryName, RepositoryFacts {
  readonly id: number;
  readonly state: RepositoryState;
}

/**
 * The caller, and the repository and namespace of the name that was asked for, read at one moment. This does not permit
 * anything: `access.ts` turns it into a repository that the actor may read, write or administer.
 */
export interface RepositoryAccess {
  readonly asked: RepositoryName;
  readonly actor: Actor;
  readonly principal: Principal;
  /** undefined: there is no such namespace */
  readonly namespace: (NamespaceFacts & { readonly defaultVisibility: Visibility }) | undefined;
  /** undefined: there is no such repository */
  readonly repository: Repository | undefined;
}

/** The answer to a change of a repository that is being deleted, for an actor who may know that it is. */
export function isBeingDeleted(name: RepositoryName): AppError {
  const text = `${displayName(name)} is being deleted. Delete it once more to end that at once`;
  return new AppError('forbidden', text);
}

/** What happens with the repository at a place. */
export function outcomeFor(place: Place, repository: Pick<Repository, 'state' | 'isRemote'>): Outcome {
  return outcomeAt(place, repository.isRemote ? 'remote' : repository.state);
}

/** The repository of a row, if it has one. */
export function repositoryFrom(row: RepositoryRow): Repository | undefined {
  if (row.repository_id === null || row.namespace === null || row.name === null || row.state === null) return undefined;
  return {
    id: row.repository_id,
    namespace: row.namespace,
    name: row.name,
    state: row.state,
    visibility: row.visibility ?? 'private',
    isRemote: row.is_remote === true,
    isAutomated: row.is_automated === true,
    role: row.role ?? undefined,
  };
}

/**
 * Reads the caller, the repository and its namespace, in one query.
 *
 * @param options.followsAliases - whether a former name of a repository is enough: only for reading
 * @throws AppError `unauthenticated` when a token is for another repository, or the account behind the actor has
 *   changed; `inactive`
 */
export async function findRepositoryAccess(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  options: { followsAliases?: boolean } = {},
): Promise<RepositoryAccess> {
  assertSuits(actor, name);
  return accessFrom(
    actor,
    name,
    await store.findRepositoryAccess(ctx.db, identityOf(actor), name, options.followsAliases === true),
  );
}

/** A list of a repository as JSON text; undefined if the account may not read it. */
interface JsonList<T> {
  readonly json: T | undefined;
  /** some images for v1 clients are still to be derived from manifests */
  readonly isPending: boolean;
}

/**
 * Like `findRepositoryAccess`, also by a former name, and in the same query the repository's tags as JSON text;
 * undefined if the account may not read them. The caller must check with `assertReadable` before it shows them. The
 * text is created again only when the tags have changed, or while images are missing. Neither the namespace nor the role
 * in a repository that everybody may read is read.
 *
 * @param architecture - of the engine that asks; undefined: amd64
 */
export async function findAccessWithTags(
  ctx: Needs<'db' | 'cache'>,
  actor: Actor,
  name: RepositoryName,
  architecture?: string,
): Promise<RepositoryAccess & JsonList<Buffer>> {
  assertSuits(actor, name);
  const key = `tags ${name.namespace}/${name.name} ${architecture ?? ''}`;
  const known = ctx.cache.getVersioned(key);
  const wanted = { architecture, known: known?.version };
  const row = await store.findAccessWithTags(ctx.db, callerOf(actor), name, wanted);
  const access = accessFrom(actor, name, row);
  if (known !== undefined && row.version === known.version) return { ...access, json: known.bytes, isPending: false };
  if (row.json === null || row.version === null) return { ...access, json: undefined, isPending: false };
  const bytes = Buffer.from(row.json);
  const isPending = row.is_pending === true;
  if (!isPending) ctx.cache.setVersioned(key, { version: row.version, bytes });
  return { ...access, json: bytes, isPending };
}

/**
 * Like `findAccessWithTags`, with the repository's images, and whether it is already recorded that the actor opened
 * this repository last.
 */
export async function findAccessWithImages(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
): Promise<RepositoryAccess & JsonList<string> & { isOpenedLast: boolean }> {
  assertSuits(actor, name);
  const callerOfOpenings = actor.kind === 'token' ? undefined : callerKey(actor);
  const row = await store.findAccessWithImages(ctx.db, callerOf(actor), name, callerOfOpenings);
  return {
    ...accessFrom(actor, name, row),
    json: row.json ?? undefined,
    isPending: row.is_pending === true,
    isOpenedLast: row.is_opened_last === true,
  };
}

function callerOf(actor: Actor): store.Caller {
  return { identity: identityOf(actor), isGuest: actor.kind === 'token' && actor.guest !== undefined };
}

/** Runs a query about a repository, and once more by its current name if this is a former one. */
export async function byAnyName<R extends { repository_id: number | null }>(
  ctx: Needs<'db'>,
  name: RepositoryName,
  run: (name: RepositoryName) => Promise<R>,
): Promise<R> {
  return store.followingAlias(ctx.db, name, run);
}

function assertSuits(actor: Actor, name: RepositoryName): void {
  if (actor.kind === 'token' && !sameRepository(actor.repository, name)) throw requiresAuthorization();
}

/**
 * The access, from a row that has been read.
 *
 * @throws AppError as `principalFrom`
 */
export function accessFrom(actor: Actor, asked: RepositoryName, row: RepositoryAccessRow): RepositoryAccess {
  return {
    asked,
    actor,
    principal: principalFrom(actor, row),
    namespace:
      row.namespace_name === null || row.namespace_name === undefined
        ? undefined
        : { role: row.namespace_role ?? undefined, defaultVisibility: row.default_visibility ?? 'public' },
    repository: repositoryFrom(row),
  };
}

/**
 * Whether an anonymous caller may have to log in, because there is such a repository, and not everybody may read it.
 */
export function needsLogin({ principal, repository }: RepositoryAccess): boolean {
  if (principal !== undefined || repository === undefined || repository.state === 'deleting') return false;
  return !canRead(principal, repository);
}
