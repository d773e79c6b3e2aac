import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { Engine } from './engine';
import { lockImmutableTags, tagIsImmutable } from '../repositories/immutable-tags';
import { assertTag, displayName, isImageId, isTag } from '../repositories/names';
import { recordPushedTag } from '../pushes/pushes';
import { lockUnlessDeleted } from '../repositories/locking';
import { repositoryNotFound, type ReadableRepository, type WritableRepository } from '../repositories/access';
import { deriveSoon } from './pending-images';
import { insertEvent } from './tag-history.store';
import * as store from './tags.store';

/** Also the answer of v1 for a repository that does not exist (protocol 4.7). */
export const MISSING_TAG = 'Tag not found';

/** A limit, because engines and scripts read all tags of a repository at once. */
const TAGS_LIMIT = 100_000;

/** A tag as v1 clients see it, and the facts about the push that set it. */
export interface Tag {
  readonly name: string;
  readonly imageId: string;
  readonly engine: Engine;
  readonly updatedAt: Date;
}

/** @throws AppError `not_found` */
export async function getTag(ctx: Needs<'db'>, repository: ReadableRepository, tag: string): Promise<Tag> {
  const found = await findTag(ctx.db, repository, tag);
  if (found === undefined) throw new AppError('not_found', MISSING_TAG);
  return found;
}

/**
 * The same, but undefined if the repository has no such tag.
 *
 * @param architecture - of the engine that asks; undefined: amd64
 */
export async function findTag(
  db: Db,
  { id }: ReadableRepository,
  tag: string,
  architecture?: string,
): Promise<Tag | undefined> {
  if (!isTag(tag)) return undefined;
  const row = await (architecture === undefined
    ? store.findTag(db, id, tag)
    : store.findTagOfPlatform(db, id, tag, architecture));
  if (row === undefined) return undefined;
  return { name: row.name, imageId: row.image_id, engine: row.engine, updatedAt: row.updated_at };
}

/**
 * The tag's image and its ancestors, with the numbers of their rows: the answer of the index about a tag (protocol
 * 2.12).
 *
 * @throws AppError `not_found`
 */
export async function listTagChain(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  tag: string,
): Promise<{ id: number; imageId: string }[]> {
  const { imageId: tipId } = await getTag(ctx, repository, tag);
  const chain = await store.findChain(ctx.db, repository.id, tipId);
  return chain.map(({ id, image_id: imageId }) => ({ id, imageId }));
}

/** A tag to be set. */
export interface TagSet {
  readonly name: string;
  /** as it was sent */
  readonly imageId: unknown;
  readonly engine: Engine;
  /**
   * called in the transaction that sets the tag, if the image is not complete in the repository
   *
   * @returns whether it is complete now
   */
  readonly complete?: (tx: Db, repository: WritableRepository, tag: PlacedTag) => Promise<boolean>;
}

/** A tag, and the image that it will point to. */
export interface PlacedTag {
  readonly name: string;
  readonly imageId: string;
}

/**
 * Sets or moves a tag to an image that is complete in the repository, with all its ancestors (protocol 4.7).
 *
 * @returns whether there was no such tag before
 * @throws AppError `invalid` for a bad tag name or image id, `not_found` for the image, `conflict` for one tag too
 *   many, or the move of a tag that is immutable
 */
export async function putTag(ctx: Needs<'db'>, repository: WritableRepository, tag: TagSet): Promise<boolean> {
  assertTag(tag.name);
  const { imageId } = tag;
  if (typeof imageId !== 'string' || imageId === '') throw fieldError('invalid', 'image_id', 'Invalid data');
  const placed = { name: tag.name, imageId };
  try {
    return await inTransaction(ctx.db, async (tx) => {
      await lockForTags(tx, repository);
      const isComplete =
        isImageId(imageId) &&
        ((await store.isChainComplete(tx, repository.id, imageId)) ||
          (await tag.complete?.(tx, repository, placed)) === true);
      if (!isComplete) throw new AppError('not_found', 'Image not found');
      const target = { imageId, manifest: undefined };
      const isNew = await pointTag(tx, repository, { name: tag.name, target, engine: tag.engine });
      await recordPushedTag(tx, repository.access.actor, repository.id, { tag: tag.name, imageId });
      return isNew;
    });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new AppError('not_found', 'Image not found', { cause: error });
  }
}

/**
 * Keeps others from changing the repository or its tags until the transaction ends.
 *
 * @throws AppError `not_found` when the repository is gone, or its deletion has begun since it was authorised
 */
export async function lockForTags(tx: Db, { id }: WritableRepository): Promise<void> {
  if (!(await lockUnlessDeleted(tx, id))) throw repositoryNotFound();
}

/** The digest of a manifest, or else the id of an image: what the history of a tag says of the two. */
export function pointerOf({ image_id: imageId, digest }: store.PointerRow): string {
  return digest ?? imageId ?? '';
}

/**
 * Whether a tag stays what it is. A manifest is known by its digest. Who sets an image that was derived from the manifest of
 * the tag changes nothing (bridge 10).
 */
function isSame(before: store.FormerRow, after: store.PointerRow): boolean {
  if (after.digest !== null) return before.digest === after.digest;
  return before.is_own_image || (before.digest === null && before.image_id === after.image_id);
}

/**
 * Points a tag of a locked repository to an image or a manifest, and records the events.
 *
 * @returns whether there was no such tag before
 * @throws AppError `conflict` for one tag too many, or a move of a tag that is immutable
 */
export async function pointTag(tx: Db, repository: WritableRepository, tag: store.NewTag): Promise<boolean> {
  const { name, target } = tag;
  const { doer } = repository;
  const isImmutable = await lockImmutableTags(tx, repository.id);
  const before = await setTag(tx, repository.id, tag);
  const after = { image_id: target.imageId ?? null, digest: target.manifest?.digest ?? null };
  if (before !== undefined && isSame(before, after)) return false;
  if (before !== undefined && isImmutable(name)) throw tagIsImmutable(name);
  await insertEvent(tx, repository.id, doer, { tag: name, from: before, to: after });
  const action = before === undefined ? 'tag.set' : 'tag.moved';
  const to = pointerOf(after);
  const details = before === undefined ? { to } : { from: pointerOf(before), to };
  await recordEvent(tx, doer, { action, subject: `${displayName(repository)}:${name}`, details });
  return before === undefined;
}

/**
 * @returns what the tag pointed to before
 * @throws AppError `conflict` for one tag too many
 */
async function setTag(tx: Db, repositoryId: number, tag: store.NewTag): Promise<store.FormerRow | undefined> {
  for (;;) {
    const before = await store.moveTag(tx, repositoryId, tag);
    if (before !== undefined) return before;
    if ((await store.countTags(tx, repositoryId, TAGS_LIMIT)) === TAGS_LIMIT) {
      throw new AppError('conflict', `The repository has ${TAGS_LIMIT} tags, and cannot have more`);
    }
    // Another push may have set it in between.
    if (await store.insertTag(tx, repositoryId, tag)) return undefined;
  }
}

/**
 * Points a tag to a manifest that the repository has, by the rules of `pointTag`.
 *
 * @throws AppError `not_found` when the manifest is gone, `conflict` as `pointTag`
 */
export async function putManifestTag(
  ctx: Needs<'db'>,
  repository: WritableRepository,
  tag: { readonly name: string; readonly digest: string; readonly engine: Engine },
): Promise<void> {
  const { name, digest, engine } = tag;
  await inTransaction(ctx.db, async (tx) => {
    await lockForTags(tx, repository);
    const id = await store.findManifestId(tx, repository.id, digest);
    if (id === undefined) throw new AppError('not_found', 'Manifest not found');
    await pointTag(tx, repository, { name, target: { imageId: undefined, manifest: { id, digest } }, engine });
    await deriveSoon(tx, id);
  });
}
