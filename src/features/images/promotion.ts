import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { isAccount, type Actor, type RepositoryName } from '../access/actor';
import { onlyForRepositories } from '../access/current-account';
import { doerOf } from '../access/doer';
import { OPERATOR, type Doer } from '../audit/audit';
import type { Engine } from '../tags/engine';
import { assertTag, displayName, SHARED_NAMESPACE } from '../repositories/names';
import { announceTag } from '../pushes/pushes';
import {
  assertReadable,
  assertWritable,
  authorizationRequired,
  findScope,
  type Repository,
} from '../repositories/scope';
import { findTagIn, lockForTags, pointTag, type TagSet } from '../tags/tags';
import { linkFrom } from './linking';
import * as store from './linking.store';

/*
 * Promotion: an image of one repository becomes one of another, with all its ancestors and under a tag, without a pull
 * and a push. By the rules of linking (`linking.ts`): from a repository of the same namespace or of `library` that the
 * caller may read. An access token must be for both repositories. One transaction links the chain, sets the tag, records
 * it, and queues what a push queues.
 */

/** A tag of a repository. */
export interface TagPlace {
  readonly repository: RepositoryName;
  readonly tag: string;
}

/** The image was promoted. */
export interface Promoted {
  readonly imageId: string;
  /** there was no such tag before */
  readonly isNew: boolean;
}

/**
 * What `PUT R/tags/<tag>` does with an image that the repository does not have: the old protocol names no source, so all
 * are tried that the caller may read. The answer is the same for an image that is not there and for one of somebody else.
 *
 * A token stands for one push, so it only gets images that the push announced. Whoever sets a tag in a push is told of at
 * its end; without one, at once.
 */
export function promotion(actor: Actor): Required<TagSet>['complete'] {
  return async (tx, { principal, repository }, { name: tag, imageId }) => {
    if (!isAccount(principal)) return false;
    const isAnnounced = await store.isListed(tx, imageId, repository.id);
    if (actor.kind === 'token' && !isAnnounced) return false;
    const place = { repositoryId: repository.id, namespace: repository.namespace, isCoveredOnly: true };
    for (const source of await store.findSources(tx, imageId, place, principal)) {
      if (!(await linkFrom({ db: tx }, source, repository.id))) continue;
      if (!isAnnounced) await announceTag(tx, repository.id, { tag, imageId, by: principal.username });
      return true;
    }
    return false;
  };
}

/**
 * Copies a tag with its image to another repository.
 *
 * @param to.engine - what the caller says of itself
 * @throws AppError `invalid` for the tag's name, `not_found` for either repository or the tag, `forbidden` also between
 *   namespaces, `conflict` for a tag that is immutable, or when the target has another image under one of the ids;
 *   `unauthenticated`, `inactive`
 */
export async function copyTag(
  ctx: Needs<'db'>,
  actor: Actor,
  from: TagPlace,
  to: TagPlace & { readonly engine: Engine },
): Promise<Promoted> {
  if (actor.kind === 'token') throw authorizationRequired();
  const scope = await findScope(ctx, actor, to.repository);
  const target = assertWritable(scope, actor, missing(to.repository));
  const source = await findScope(ctx, actor, from.repository, { followsAliases: true });
  const readable = assertReadable(source, missing(from.repository));
  // An access token that is not for the source only reads there what everybody may.
  if (!isAccount(source.principal)) throw onlyForRepositories();
  return copy(ctx, { from: readable, tag: from.tag }, { ...to, repository: target }, doerOf(actor, scope.principal));
}

/**
 * The same on an operator's behalf: nobody is asked for permission.
 *
 * @throws AppError as `copyTag`
 */
export async function copyTagAsOperator(ctx: Needs<'db'>, from: TagPlace, to: TagPlace): Promise<Promoted> {
  const nobody: Actor = { kind: 'anonymous', address: OPERATOR.address };
  const find = async (name: RepositoryName): Promise<Repository> => {
    const { repository } = await findScope(ctx, nobody, name);
    if (repository === undefined || repository.isRemote) throw new AppError('not_found', missing(name));
    return repository;
  };
  const [source, target] = [await find(from.repository), await find(to.repository)];
  return copy(ctx, { from: source, tag: from.tag }, { ...to, repository: target, engine: {} }, OPERATOR);
}

function missing(name: RepositoryName): string {
  return `No such repository: ${displayName(name)}`;
}

async function copy(
  ctx: Needs<'db'>,
  { from, tag }: { readonly from: Repository; readonly tag: string },
  to: { readonly repository: Repository; readonly tag: string; readonly engine: Engine },
  doer: Doer,
): Promise<Promoted> {
  const { repository } = to;
  assertTag(to.tag);
  if (from.namespace !== repository.namespace && from.namespace !== SHARED_NAMESPACE) {
    const text = `Images are copied within a namespace, or from ${SHARED_NAMESPACE}. Pull this one and push it`;
    throw new AppError('forbidden', text);
  }
  return inTransaction(ctx.db, async (tx) => {
    await lockForTags(tx, repository.id);
    const imageId = (await findTagIn(tx, from.id, tag))?.imageId;
    if (imageId === undefined) throw new AppError('not_found', `${displayName(from)} has no tag ${tag}`);
    const source = await store.findSourceIn(tx, imageId, from.id);
    if (source === undefined || !(await linkFrom({ db: tx }, source, repository.id))) {
      throw new AppError('conflict', `${displayName(repository)} has different images with the same ids`);
    }
    const isNew = await pointTag(tx, { repository, doer }, { name: to.tag, imageId, engine: to.engine });
    await announceTag(tx, repository.id, { tag: to.tag, imageId, by: doer.name ?? '' });
    return { imageId, isNew };
  });
}
