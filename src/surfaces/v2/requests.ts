import type { Context } from '../../context';
import type { Actor, RepositoryName } from '../../features/access/actor';
import { findReadableManifest, type Manifest } from '../../features/manifests/manifests';
import type { DeletableRepository, ReadableRepository, WritableRepository } from '../../features/repositories/access';
import { getDeletable, getReadable, getWritable } from '../../features/repositories/get-repository';
import { noSuchFullName, parseRepositoryName, sameRepository } from '../../features/repositories/names';
import { getPushable } from '../../features/repositories/pushable';
import type { Action } from '../../features/tokens/bearer-token';
import { AppError } from '../../platform/errors';
import type { V2Caller, V2Exchange } from './access';
import { denied, nameUnknown, unauthorized, V2Error } from './errors';

/*
 * The repository that a path names, authorised for the caller. Each function first checks whether a Bearer token covers
 * it, and then, with one query, what the account may do now.
 */

/**
 * The repository that the path names; `foo` and `library/foo` are the same.
 *
 * @throws V2Error `NAME_INVALID` when no repository can have this name
 */
export function repositoryOf(params: Readonly<Record<string, string>>): RepositoryName {
  const { namespace, repository = '' } = params;
  const name = parseRepositoryName(namespace, repository);
  if (name !== undefined) return name;
  const text = namespace === undefined ? repository : `${namespace}/${repository}`;
  throw new V2Error(400, 'NAME_INVALID', noSuchFullName(text));
}

/** Whether the credentials cover this action in the repository. */
function covers({ grants }: V2Caller, name: RepositoryName, action: Action): boolean {
  if (grants === 'all') return true;
  return grants.some(({ repository, actions }) => sameRepository(repository, name) && actions.includes(action));
}

/** A refusal of the features in the words of v2. It does not reveal that a private repository exists. */
function refusalOf(error: unknown, { actor }: V2Caller): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.code === 'not_found') return actor.kind === 'anonymous' ? unauthorized() : nameUnknown(error);
  return error.code === 'forbidden' && error.message === 'Access denied' ? denied(error) : error;
}

async function required<R>(
  { caller, params }: V2Exchange,
  action: Action,
  get: (name: RepositoryName) => Promise<R>,
): Promise<R> {
  const name = repositoryOf(params);
  if (!covers(caller, name, action)) throw unauthorized('insufficient_scope');
  try {
    return await get(name);
  } catch (error) {
    throw refusalOf(error, caller);
  }
}

/** @throws V2Error `UNAUTHORIZED`, `NAME_UNKNOWN`, `NAME_INVALID`; AppError `unauthenticated`, `inactive` */
export function requireReadable(ctx: Context, exchange: V2Exchange): Promise<ReadableRepository> {
  const { actor } = exchange.caller;
  return required(exchange, 'pull', (name) => getReadable(ctx, actor, name, { followsAliases: true }));
}

/**
 * The repository that the path names, with the manifest that the reference names if it has one.
 *
 * @throws V2Error as `requireReadable`
 */
export function requireReadableManifest(
  ctx: Context,
  exchange: V2Exchange,
  reference: string,
): Promise<{ readonly repository: ReadableRepository; readonly manifest: Manifest | undefined }> {
  const { actor } = exchange.caller;
  return required(exchange, 'pull', (name) => findReadableManifest(ctx, actor, name, reference));
}

/**
 * The repository to push to, if it exists.
 *
 * @throws V2Error as `requireReadable`, `DENIED`; AppError `unauthenticated`, `inactive`
 */
export function requireWritable(ctx: Context, exchange: V2Exchange): Promise<WritableRepository> {
  return required(exchange, 'push', (name) => getWritable(ctx, exchange.caller.actor, name));
}

/**
 * The repository to push to. It is created if the account may create it.
 *
 * @throws as `requireWritable`; AppError `invalid` when no new repository can have the name, `forbidden`
 */
export function requirePushable(ctx: Context, exchange: V2Exchange): Promise<WritableRepository> {
  return required(exchange, 'push', (name) => getPushable(ctx, exchange.caller.actor, name));
}

/**
 * The repository in which to delete tags, manifests or blobs, for callers who may delete its tags over v1.
 *
 * @throws V2Error as `requireWritable`
 */
export function requireDeletable(ctx: Context, exchange: V2Exchange): Promise<DeletableRepository> {
  return required(exchange, 'delete', async (name) => {
    const repository = await getDeletable(ctx, exchange.caller.actor, name);
    if (repository.state === 'deleting') throw nameUnknown();
    return repository;
  });
}

/**
 * The repository to mount from. A Bearer token that is not for it is worth as much there as none, so that only a
 * public repository can be mounted from: clients do not always ask for the scope of the source.
 *
 * @returns undefined when it may not be pulled, or does not exist
 */
export async function mayPull(
  ctx: Context,
  { caller }: V2Exchange,
  name: RepositoryName,
): Promise<ReadableRepository | undefined> {
  const { actor } = caller;
  const reader: Actor = covers(caller, name, 'pull') ? actor : { kind: 'anonymous', address: actor.address };
  try {
    return await getReadable(ctx, reader, name, { followsAliases: true });
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** @throws V2Error `UNAUTHORIZED` for anonymous callers, and for a Bearer token that does not list repositories */
export function requireCatalog({ caller }: V2Exchange): void {
  if (caller.hasCatalog) return;
  throw unauthorized(caller.grants === 'all' ? undefined : 'insufficient_scope');
}
