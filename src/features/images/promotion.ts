import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { isAccount, isOperator } from '../access/actor';
import { onlyForRepositories, requiresAuthorization } from '../access/current-account';
import type { Engine } from '../tags/engine';
import { assertTag, displayName, SHARED_NAMESPACE } from '../repositories/names';
import { announceManifest, announceTag } from '../pushes/pushes';
import { noSuchRepository, type ReadableRepository, type WritableRepository } from '../repositories/access';
import { copyManifest } from '../manifests/copying';
import { deriveSoon } from '../tags/pending-images';
import { findTagTarget, type TagTarget } from '../tags/tag-target';
import { lockForTags, pointTag, type TagSet } from '../tags/tags';
import { linkFrom } from './linking';
import * as store from './linking.store';

/*
 * Promotion: an image of one repository becomes one of another, with all its ancestors and under a tag, without a pull
 * and a push. The rules of linking apply (`linking.ts`): the source is a repository of the same namespace or of
 * `library` that the caller may read. An access token must be for both repositories. One transaction links the chain,
 * sets the tag, records the change, and queues the same jobs as a push. A manifest is copied by the same rules.
 */

/** The image or manifest was promoted. */
export interface Promoted {
  /** undefined: the tag points to a manifest that v1 clients cannot get */
  readonly imageId: string | undefined;
  /** of the manifest; undefined: the tag was pushed over v1 */
  readonly digest: string | undefined;
  /** there was no such tag before */
  readonly isNew: boolean;
}

/**
 * Completes `PUT R/tags/<tag>` for an image that the repository does not have. The old protocol names no source, so all
 * sources that the caller may read are tried. The answer is the same for an image that does not exist and for one that
 * belongs to another user.
 *
 * A token stands for one push, so it only gets images that the push announced. A tag that is set during a push is
 * announced when the push ends; a tag that is set without one is announced at once.
 */
export const promote: Required<TagSet>['complete'] = async (tx, repository, { name: tag, imageId }) => {
  const { actor, principal } = repository.access;
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

/**
 * Copies a tag to another repository, with its image, or with its manifest and all that belongs to that
 * (`manifests/copying.ts`).
 *
 * @param to.engine - what the client says about itself
 * @throws AppError `invalid` for the tag's name, `not_found` for the tag or a repository of another index, `forbidden`
 *   between namespaces, `conflict` for a tag that is immutable, or when the target has another image under one of the
 *   ids; `unauthenticated` for a token of the protocol
 */
export async function copyTag(
  ctx: Needs<'db'>,
  from: { readonly repository: ReadableRepository; readonly tag: string },
  to: { readonly repository: WritableRepository; readonly tag: string; readonly engine: Engine },
): Promise<Promoted> {
  const { repository: source } = from;
  const { repository: target } = to;
  assertMayCopy(source, target);
  assertTag(to.tag);
  try {
    return await inTransaction(ctx.db, async (tx) => {
      await lockForTags(tx, target);
      const there = await findTagTarget(tx, source, from.tag);
      if (there === undefined) throw hasNoTag(source, from.tag);
      const { imageId } = there;
      if (imageId !== undefined) await linkInto(tx, imageId, source, target);
      const manifest = await copyManifestOf(tx, there, source, target);
      const isNew = await pointTag(tx, target, { name: to.tag, target: { imageId, manifest }, engine: to.engine });
      if (manifest !== undefined) await deriveSoon(tx, manifest.id);
      const digest = manifest?.digest;
      await announce(tx, target, to.tag, { imageId, digest });
      return { imageId, digest, isNew };
    });
  } catch (error) {
    // The tag was deleted at this moment, and gc removes what it pointed to.
    if (isForeignKeyViolation(error)) throw hasNoTag(source, from.tag, error);
    throw error;
  }
}

function hasNoTag(source: ReadableRepository, tag: string, cause?: unknown): AppError {
  return new AppError('not_found', `${displayName(source)} has no tag ${tag}`, { cause });
}

async function linkInto(
  tx: Db,
  imageId: string,
  source: ReadableRepository,
  target: WritableRepository,
): Promise<void> {
  const link = await store.findSourceIn(tx, imageId, source.id);
  if (link !== undefined && (await linkFrom({ db: tx }, link, target.id))) return;
  throw new AppError('conflict', `${displayName(target)} has different images with the same ids`);
}

async function copyManifestOf(
  tx: Db,
  { manifest }: TagTarget,
  source: ReadableRepository,
  target: WritableRepository,
): Promise<TagTarget['manifest']> {
  if (manifest === undefined) return undefined;
  const { digest } = manifest;
  return { id: await copyManifest(tx, source, target, digest), digest };
}

async function announce(
  tx: Db,
  { id, doer }: WritableRepository,
  tag: string,
  { imageId, digest }: { readonly imageId: string | undefined; readonly digest: string | undefined },
): Promise<void> {
  const by = doer.name ?? '';
  if (digest !== undefined) await announceManifest(tx, id, { tag, digest, pusher: by });
  else if (imageId !== undefined) await announceTag(tx, id, { tag, imageId, by });
}

function assertMayCopy(source: ReadableRepository, target: WritableRepository): void {
  if (target.access.actor.kind === 'token') throw requiresAuthorization();
  // An access token that is not for the source can read only what everybody may read there.
  const { principal } = source.access;
  if (!isAccount(principal) && !isOperator(principal)) throw onlyForRepositories();
  const remote = [source, target].find(({ isRemote }) => isRemote);
  if (remote !== undefined) throw new AppError('not_found', noSuchRepository(remote));
  if (source.namespace === target.namespace || source.namespace === SHARED_NAMESPACE) return;
  const text = `Images are copied within a namespace, or from ${SHARED_NAMESPACE}. Pull this one and push it`;
  throw new AppError('forbidden', text);
}
