import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { isAccount, type Actor } from '../access/actor';
import { writableIn, type WritableRepository } from '../repositories/access';
import { assertComplete } from './images';
import * as store from './linking.store';
import { locateReadable, type Image, type LocatedImage } from './image-by-id';

/*
 * Before an engine uploads an image it asks whether the image is there. A yes saves the upload, and makes the image
 * part of the repository. So the answer is yes only if the pusher could read those bytes anyway, and if only owners of
 * the namespace or the library's administrators can have put them there. Repositories of other users never count. A
 * guest of another index (`guests.ts`) has a right to one repository only, so they must upload.
 */

/** Not an error: thrown to roll back a link because the source does not fit. */
class SourceDoesNotFit extends Error {}

/**
 * Links an image with all its ancestors, or none of them.
 *
 * @returns false when the source has a hole, or the target has another image under one of the ids
 */
export async function linkFrom(ctx: Needs<'db'>, source: store.SourceRow, targetId: number): Promise<boolean> {
  try {
    await inTransaction(ctx.db, async (tx) => {
      await store.linkChain(tx, source, targetId);
      const shared = await store.countShared(tx, source, targetId);
      // Another content under an ancestor's id, or a chain with a hole: both would give the target a different image.
      if (shared !== source.depth) throw new SourceDoesNotFit();
    });
    return true;
  } catch (error) {
    // A foreign key violation means that gc deleted the source at this moment.
    if (error instanceof SourceDoesNotFit || isForeignKeyViolation(error)) return false;
    throw error;
  }
}

/**
 * Links an image that is complete in the same namespace or in `library` into the target repository, with all its
 * ancestors, for the account that may write to the target.
 *
 * @returns whether it could be linked; false for a caller without an account
 */
export async function linkFromSiblings(
  ctx: Needs<'db'>,
  imageId: string,
  target: WritableRepository,
): Promise<boolean> {
  const { principal } = target.access;
  if (!isAccount(principal)) return false;
  const place = { repositoryId: target.id, namespace: target.namespace, isCoveredOnly: false };
  for (const source of await store.findSources(ctx.db, imageId, place, principal)) {
    if (await linkFrom(ctx, source, target.id)) return true;
  }
  return false;
}

/** A pusher must upload a damaged image again, so for them it does not exist. */
function assertThere(located: LocatedImage | undefined, id: string): Image {
  if (located?.isWantedAgain === true) throw new AppError('not_found', 'Image not found');
  return assertComplete(located, id);
}

/**
 * The image that this id names for this actor, who may be a pusher that asks whether it must be uploaded.
 *
 * @throws AppError as `getImage` does
 */
export async function getImageOrLink(ctx: Needs<'db'>, actor: Actor, id: string): Promise<Image> {
  const found = await locateReadable(ctx, actor, id);
  const target =
    found?.isListed === true && found.complete === undefined ? writableIn(found.repository.access) : undefined;
  const isLinked = target !== undefined && (await linkFromSiblings(ctx, id, target));
  return assertThere(isLinked ? await locateReadable(ctx, actor, id) : found, id);
}
