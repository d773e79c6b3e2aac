import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { identityOf, type Actor, type RepositoryName } from '../access/actor';
import { requiresAuthorization } from '../access/current-account';
import { recordEvent } from '../audit/audit';
import * as store from './image-lists.store';
import { displayName, isImageId, parseRepositoryName } from '../repositories/names';
import { recordOpening } from '../repositories/last-opened';
import { canRead } from '../access/policy';
import { endPush, openPush } from './pushes';
import { markActive } from '../repositories/locking';
import { isAutomated, isForBuilds } from '../repositories/access';
import { assertNotRenamed, lockForNewPush, mayPush, pushToDeleted } from '../repositories/pushable';
import { assertReadable, type WritableRepository } from '../repositories/access';
import {
  findAccessWithImages,
  findRepositoryAccess,
  needsLogin,
  type Repository,
  type RepositoryAccess,
} from '../repositories/repository-access';

/*
 * A repository's image list (protocol 2.6 to 2.8): every image that was ever announced for it. A push begins by
 * announcing its images, sends them one by one, tags some, and ends by sending the list once more; from docker 0.8 on,
 * it is empty. Lists are only ever merged, so an empty one does not remove anything.
 */

/** One entry of an image list. */
export interface ListedImage {
  readonly id: string;
  readonly checksum: string | undefined;
  /** the tag that the push will set to it; not stored in the list */
  readonly tag?: string;
}

/** The answer of the index for a repository that does not exist. */
export const IMAGES_NOT_FOUND = 'images not found';
const NOT_ALLOWED = 'Access Denied: Not allowed to create Repo at given location';

/**
 * Merges two lists by id, in order of first appearance; a missing checksum never replaces a known one.
 *
 * @returns each id once
 */
export function mergeImageLists(known: readonly ListedImage[], added: readonly ListedImage[]): ListedImage[] {
  const merged = new Map<string, ListedImage>();
  for (const image of [...known, ...added]) {
    merged.set(image.id, { id: image.id, checksum: image.checksum ?? merged.get(image.id)?.checksum });
  }
  return [...merged.values()];
}

/**
 * The announced tags. An image with several tags is listed once for each; of several images with the same tag, the last
 * one counts.
 */
function announcedTags(images: readonly ListedImage[]): Record<string, string> {
  return Object.fromEntries(images.flatMap(({ id, tag }) => (tag === undefined ? [] : [[tag, id]])));
}

function distinctIds(images: readonly ListedImage[]): string[] {
  return [...new Set(images.map((image) => image.id))];
}

/** @throws AppError `invalid` when an entry's id cannot be an image's */
function assertIds(images: readonly ListedImage[]): readonly ListedImage[] {
  if (images.every((image) => isImageId(image.id))) return images;
  throw new AppError('invalid', 'Invalid data');
}

async function assertMayStart(ctx: Needs<'db'>, access: RepositoryAccess): Promise<void> {
  if (!mayPush(access)) {
    await assertNotRenamed(ctx, access);
    throw new AppError('forbidden', NOT_ALLOWED);
  }
  // Only now, because other users must not learn that there is such a repository.
  if (access.repository?.state === 'deleting') throw pushToDeleted();
  if (isForBuilds(access)) throw isAutomated(access.asked);
}

/**
 * Starts a push (protocol 2.6): creates the repository if it does not exist, and announces its images.
 *
 * @param readImages - reads the list from the wire; not called for an actor who may not push
 * @param nonce - the nonce of the token that the answer will carry
 * @returns false when no repository can be created with this name
 * @throws AppError `invalid`, `unauthenticated`, `forbidden`
 */
export async function startPush(
  ctx: Needs<'db' | 'settings'>,
  actor: Actor,
  name: RepositoryName,
  readImages: () => Promise<ListedImage[]>,
  nonce?: string,
): Promise<boolean> {
  const access = await findRepositoryAccess(ctx, actor, name);
  const { principal } = access;
  if (principal === undefined || actor.kind === 'token') throw new AppError('unauthenticated', '');
  await assertMayStart(ctx, access);
  const images = assertIds(await readImages());
  const isNew = access.repository === undefined;
  if (isNew && !parseRepositoryName(name.namespace, name.name, ctx.settings.hubLimits)) return false;
  await inTransaction(ctx.db, async (tx) => {
    const repositoryId = await lockForNewPush(tx, access);
    await store.mergeImages(tx, repositoryId, mergeImageLists([], images));
    await recordOpening({ db: tx }, actor, repositoryId);
    const announced = { imageIds: distinctIds(images), tags: announcedTags(images), nonce };
    await openPush(tx, actor, repositoryId, announced);
  });
  return true;
}

/**
 * Finishes a push (protocol 2.7): merges the list, marks the repository as active, and queues the work that follows
 * from a push, such as webhooks.
 *
 * @param images - the images that the pusher lists at the end
 * @returns false when there was no push to finish, for example because an engine repeats the request
 * @throws AppError `invalid`, `not_found` when the repository is gone
 */
export async function finishPush(
  ctx: Needs<'db'>,
  repository: WritableRepository,
  images: readonly ListedImage[],
): Promise<boolean> {
  assertIds(images);
  return inTransaction(ctx.db, async (tx) => {
    if (!(await markActive(tx, repository.id))) throw new AppError('not_found', IMAGES_NOT_FOUND);
    await store.mergeImages(tx, repository.id, mergeImageLists([], images));
    const isEnded = await endPush(tx, repository.access, repository.id, distinctIds(images));
    if (isEnded) {
      await recordEvent(tx, repository.doer, { action: 'push.finished', subject: displayName(repository) });
    }
    return isEnded;
  });
}

/**
 * The image list as the JSON text `[{"id", "checksum"?}, …]`, for the start of a pull or for a registry that verifies a
 * token (protocol 2.8): a token of any access is enough, and a delete token still sees the list of a repository that is
 * being deleted.
 *
 * An engine asks for this first in a pull, and prompts for a login if it gets a 401. So an anonymous caller gets a 401
 * if the repository is private (protocol 14, A3).
 *
 * @returns `isPending`: images that tags need are still to be derived from manifests
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function imagesAsJson(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
): Promise<{ repository: Repository; json: string; isPending: boolean }> {
  const access = await findAccessWithImages(ctx, actor, name);
  const repository = readableForList(access);
  if (actor.kind !== 'token' && !access.isOpenedLast) await recordOpening(ctx, actor, repository.id);
  return { repository, json: access.json ?? '[]', isPending: access.isPending };
}

function readableForList(access: RepositoryAccess): Repository {
  const { actor, repository, principal } = access;
  const isBeingDeletedByActor = actor.kind === 'token' && actor.access === 'delete' && repository?.state === 'deleting';
  if (isBeingDeletedByActor && canRead(principal, repository)) return repository;
  if (needsLogin(access)) throw requiresAuthorization();
  return assertReadable(access, IMAGES_NOT_FOUND);
}

/**
 * Whether an image may be used with these credentials (protocol 2.10): it is in the token's repository, or complete in
 * a repository that the account of the credentials may read. A registry asks this for the parent of a layer, which may
 * be in another repository of the pusher. So this is the only answer for which an engine's token reaches as far as its
 * account does. An access token for some repositories does not reach further here either. If another registry has the
 * images, no image is ever complete here: then an image of the token's own repository is enough to read, once a push
 * has finished.
 *
 * @throws AppError `unauthenticated`
 */
export async function mayUseImage(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  imageId: string,
): Promise<boolean> {
  if (actor.kind === 'anonymous') throw requiresAuthorization();
  const { principal, repository } = await findRepositoryAccess(ctx, actor, name, { followsAliases: true });
  const isPushing = actor.kind === 'token' && actor.access === 'write';
  const countsAsListed = isPushing || (actor.kind === 'token' && repository?.state === 'active');
  const mayRead = repository !== undefined && canRead(principal, repository);
  const places = {
    completeIn: actor.kind === 'token' && mayRead ? repository.id : undefined,
    listedIn: countsAsListed && mayRead ? repository.id : undefined,
  };
  return isImageId(imageId) && store.isImageReachable(ctx.db, imageId, identityOf(actor), places);
}
