import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { identityOf, type Actor, type Principal, type RepositoryName, type TokenAccess } from '../accounts/actor';
import { sameRepository } from './names';
import { callerKey } from './openings';
import { canRead, canWrite } from './policy';
import type { RepositoryState, ScopeRow } from './scope-row';
import * as store from './scope.store';

/** A repository as the rules see it. */
export interface Repository extends RepositoryName {
  readonly id: number;
  readonly state: RepositoryState;
  readonly isPrivate: boolean;
  /** another index decides who may do what with it */
  readonly isRemote: boolean;
  readonly ownerId: number | null;
}

/** Who asks, and what is there under the name that was asked for, read at one moment. */
export interface Scope {
  readonly principal: Principal;
  /** undefined: there is no such namespace */
  readonly namespace: { readonly ownerId: number | null } | undefined;
  /** undefined: there is no such repository */
  readonly repository: Repository | undefined;
}

/** What a registry answers to whoever brings no credentials, or ones that do not suit (protocol 3.5). */
export function authorizationRequired(): AppError {
  return new AppError('unauthenticated', 'Requires authorization');
}

/**
 * The account behind an actor from a row that read it, or the guest that another index vouches for.
 *
 * @throws AppError `unauthenticated` when the account is gone or its password has changed, `inactive`
 */
export function principalFrom(
  actor: Actor,
  row: Pick<ScopeRow, 'user_id' | 'username' | 'credentials_epoch' | 'is_active' | 'is_admin'>,
): Principal {
  if (actor.kind === 'token' && actor.guest !== undefined) return guest(actor.access);
  const identity = identityOf(actor);
  if (identity === undefined) return undefined;
  if (row.user_id !== identity.userId || row.credentials_epoch !== identity.credentialsEpoch) {
    throw authorizationRequired();
  }
  if (row.is_active !== true) throw new AppError('inactive', 'Account is not Active');
  return { userId: row.user_id, username: row.username ?? '', isAdmin: row.is_admin === true };
}

function guest(access: TokenAccess): Principal {
  return { userId: undefined, username: undefined, isAdmin: false, access };
}

/** The repository of a row, if it has one. */
export function repositoryFrom(row: ScopeRow): Repository | undefined {
  if (row.repository_id === null || row.namespace === null || row.name === null || row.state === null) return undefined;
  return {
    id: row.repository_id,
    namespace: row.namespace,
    name: row.name,
    state: row.state,
    isPrivate: row.is_private === true,
    isRemote: row.is_remote === true,
    ownerId: row.owner_id,
  };
}

/**
 * Reads who asks and what is there, in one query.
 *
 * @throws AppError `unauthenticated` when a token is for another repository, or the account behind the actor has
 *   changed; `inactive`
 */
export async function findScope(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<Scope> {
  assertSuits(actor, name);
  return scopeFrom(actor, await store.findScope(ctx.db, identityOf(actor)?.userId, name));
}

/**
 * Like `findScope`, and in the same query the repository's tags as JSON text; undefined where the account may not read
 * them. Whether the actor may is for `assertReadable` to say, before anybody sees them. The text is made anew only when
 * the tags changed.
 */
export async function findScopeWithTags(
  ctx: Needs<'db' | 'cache'>,
  actor: Actor,
  name: RepositoryName,
): Promise<Scope & { json: Buffer | undefined }> {
  assertSuits(actor, name);
  const key = `tags ${name.namespace}/${name.name}`;
  const known = ctx.cache.getVersioned(key);
  const row = await store.findScopeWithTags(ctx.db, callerOf(actor), name, known?.version);
  const scope = scopeFrom(actor, row);
  if (known !== undefined && row.version === known.version) return { ...scope, json: known.bytes };
  if (row.json === null || row.version === null) return { ...scope, json: undefined };
  const bytes = Buffer.from(row.json);
  ctx.cache.setVersioned(key, { version: row.version, bytes });
  return { ...scope, json: bytes };
}

/**
 * Like `findScopeWithTags`, with the repository's images, and whether it is known already that the actor opened this
 * repository last: if so, there is nothing to record.
 */
export async function findScopeWithImages(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
): Promise<Scope & { json: string | undefined; isOpenedLast: boolean }> {
  assertSuits(actor, name);
  const callerOfOpenings = actor.kind === 'token' ? undefined : callerKey(actor);
  const row = await store.findScopeWithImages(ctx.db, callerOf(actor), name, callerOfOpenings);
  return { ...scopeFrom(actor, row), json: row.json ?? undefined, isOpenedLast: row.is_opened_last === true };
}

function callerOf(actor: Actor): { userId: number | undefined; isGuest: boolean } {
  return { userId: identityOf(actor)?.userId, isGuest: actor.kind === 'token' && actor.guest !== undefined };
}

function assertSuits(actor: Actor, name: RepositoryName): void {
  if (actor.kind === 'token' && !sameRepository(actor.repository, name)) throw authorizationRequired();
}

function scopeFrom(actor: Actor, row: ScopeRow): Scope {
  return {
    principal: principalFrom(actor, row),
    namespace: row.namespace_name === null ? undefined : { ownerId: row.owner_id },
    repository: repositoryFrom(row),
  };
}

/**
 * The repository, for somebody who wants to read it.
 *
 * @param missing - the sentence for a repository that is not there, or that this actor may not know of
 * @throws AppError `not_found`; `unauthenticated` when logging in may help (protocol 14, A3)
 */
export function assertReadable(scope: Scope, missing: string): Repository {
  const { repository, principal } = scope;
  if (repository === undefined || repository.state === 'deleting') throw new AppError('not_found', missing);
  if (canRead(principal, repository)) return repository;
  if (principal === undefined) throw authorizationRequired();
  throw new AppError('not_found', missing);
}

/**
 * The repository, for somebody who wants to change what is in it.
 *
 * @throws AppError `unauthenticated` for an anonymous actor or a token that does not allow it, `forbidden`,
 *   `not_found` as for reading
 */
export function assertWritable(scope: Scope, actor: Actor, missing: string): Repository {
  const { principal } = scope;
  if (principal === undefined) throw authorizationRequired();
  if (actor.kind === 'token' && actor.access !== 'write') throw authorizationRequired();
  const repository = assertReadable(scope, missing);
  if (canWrite(principal, repository)) return repository;
  if (actor.kind === 'token') throw authorizationRequired();
  throw new AppError('forbidden', 'Access denied');
}
