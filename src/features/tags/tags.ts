import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { doerOf } from '../access/doer';
import { recordEvent, type Doer } from '../audit/audit';
import { assertMayDelete } from '../repositories/deletion';
import type { Engine } from './engine';
import { lockImmutableTags, tagIsImmutable } from '../repositories/immutable-tags';
import { assertTag, displayName, isImageId, isTag } from '../repositories/names';
import { recordPushedTag } from '../pushes/pushes';
import { lockRepository, lockUnlessDeleted } from '../repositories/locking';
import {
  assertReadable,
  assertWritable,
  findScope,
  findScopeWithTags,
  type Repository,
  type Scope,
} from '../repositories/scope';
import { insertEvent } from './tag-history.store';
import * as store from './tags.store';

const MISSING = 'Repository not found';
const MISSING_TAG = 'Tag not found';

/** Engines and scripts read all tags of a repository at once. */
const TAGS_LIMIT = 100_000;

/** A tag and what is known of the push that set it. */
export interface Tag {
  readonly name: string;
  readonly imageId: string;
  readonly engine: Engine;
  readonly updatedAt: Date;
}

/**
 * All tags as the JSON text `{"<tag>":"<image id>",…}`, sorted by name (protocol 4.7).
 *
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function tagsAsJson(ctx: Needs<'db' | 'cache'>, actor: Actor, name: RepositoryName): Promise<Buffer> {
  const scope = await findScopeWithTags(ctx, actor, name);
  assertReadable(scope, MISSING);
  return scope.json ?? Buffer.from('{}');
}

/**
 * A tag that is not there and one in a repository that is not there are answered alike (protocol 4.7).
 *
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function getTag(ctx: Needs<'db'>, actor: Actor, name: RepositoryName, tag: string): Promise<Tag> {
  const repository = assertReadable(await findScope(ctx, actor, name, { followsAliases: true }), MISSING_TAG);
  const found = await findTagIn(ctx.db, repository.id, tag);
  if (found === undefined) throw new AppError('not_found', MISSING_TAG);
  return found;
}

/** A tag of a repository that the caller was found to be allowed to read. */
export async function findTagIn(db: Db, repositoryId: number, tag: string): Promise<Tag | undefined> {
  const row = isTag(tag) ? await store.findTag(db, repositoryId, tag) : undefined;
  if (row === undefined) return undefined;
  return { name: row.name, imageId: row.image_id, engine: row.engine, updatedAt: row.updated_at };
}

/**
 * The tag's image and its ancestors, with the numbers of their rows: what the index said of a tag (protocol 2.12).
 *
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function listTagChain(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  tag: string,
): Promise<{ id: number; imageId: string }[]> {
  const repository = assertReadable(await findScope(ctx, actor, name, { followsAliases: true }), MISSING_TAG);
  const row = isTag(tag) ? await store.findTag(ctx.db, repository.id, tag) : undefined;
  if (row === undefined) throw new AppError('not_found', MISSING_TAG);
  const chain = await store.findChain(ctx.db, repository.id, row.image_id);
  return chain.map(({ id, image_id: imageId }) => ({ id, imageId }));
}

/** A tag that somebody sets. */
export interface TagSet {
  readonly name: string;
  /** reads the image's id from the wire; not called for somebody who may not push */
  readonly readImageId: () => Promise<unknown>;
  readonly engine: Engine;
  /**
   * what else to try when the image is not complete in the repository, in the transaction that sets the tag
   *
   * @returns whether it is now
   */
  readonly complete?: (tx: Db, scope: Scope & { readonly repository: Repository }, tag: PlacedTag) => Promise<boolean>;
}

/** A tag, and the image that it is to point to. */
export type PlacedTag = Pick<store.NewTag, 'name' | 'imageId'>;

/**
 * Sets or moves a tag to an image that is complete in the repository, with all its ancestors (protocol 4.7).
 *
 * @returns whether there was no such tag before
 * @throws AppError `invalid` for the tag's name or what is no image id, `not_found`, `unauthenticated`, `forbidden`,
 *   `conflict` for one tag too many, or a move of a tag that is immutable
 */
export async function putTag(ctx: Needs<'db'>, actor: Actor, name: RepositoryName, tag: TagSet): Promise<boolean> {
  const scope = await findScope(ctx, actor, name);
  const repository = assertWritable(scope, actor, MISSING);
  assertTag(tag.name);
  const imageId = await tag.readImageId();
  if (typeof imageId !== 'string' || imageId === '') throw new AppError('invalid', 'Invalid data');
  const placed = { name: tag.name, imageId };
  try {
    return await inTransaction(ctx.db, async (tx) => {
      await lockForTags(tx, repository.id);
      const isComplete =
        isImageId(imageId) &&
        ((await store.isChainComplete(tx, repository.id, imageId)) ||
          (await tag.complete?.(tx, { ...scope, repository }, placed)) === true);
      if (!isComplete) throw new AppError('not_found', 'Image not found');
      const doer = doerOf(actor, scope.principal);
      const isNew = await pointTag(
        tx,
        { repository: { ...name, id: repository.id }, doer },
        { ...placed, engine: tag.engine },
      );
      await recordPushedTag(tx, actor, repository.id, { tag: tag.name, imageId });
      return isNew;
    });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new AppError('not_found', 'Image not found', { cause: error });
  }
}

/**
 * Nobody else changes the repository or its tags until the transaction ends.
 *
 * @throws AppError `not_found` when it is gone, or its deletion has begun since it was looked for
 */
export async function lockForTags(tx: Db, repositoryId: number): Promise<void> {
  if (!(await lockUnlessDeleted(tx, repositoryId))) throw new AppError('not_found', MISSING);
}

/**
 * Points a tag of a locked repository to an image, with what has to be recorded of it.
 *
 * @returns whether there was no such tag before
 * @throws AppError `conflict` for one tag too many, or a move of a tag that is immutable
 */
export async function pointTag(
  tx: Db,
  { repository, doer }: { repository: RepositoryName & { readonly id: number }; doer: Doer },
  tag: store.NewTag,
): Promise<boolean> {
  const { name, imageId } = tag;
  const isImmutable = await lockImmutableTags(tx, repository.id);
  const from = await setTag(tx, repository.id, tag);
  if (from === imageId) return false;
  if (from !== undefined && isImmutable(name)) throw tagIsImmutable(name);
  await insertEvent(tx, repository.id, doer, { tag: name, from, to: imageId });
  const action = from === undefined ? 'tag.set' : 'tag.moved';
  const details = from === undefined ? { to: imageId } : { from, to: imageId };
  await recordEvent(tx, doer, { action, subject: `${displayName(repository)}:${name}`, details });
  return from === undefined;
}

/**
 * @returns the image that had the tag before
 * @throws AppError `conflict` for one tag too many
 */
async function setTag(tx: Db, repositoryId: number, tag: store.NewTag): Promise<string | undefined> {
  for (;;) {
    const from = await store.moveTag(tx, repositoryId, tag);
    if (from !== undefined) return from;
    if ((await store.countTags(tx, repositoryId, TAGS_LIMIT)) === TAGS_LIMIT) {
      throw new AppError('conflict', `The repository has ${TAGS_LIMIT} tags, and cannot have more`);
    }
    // Another push may have set it in between.
    if (await store.insertTag(tx, repositoryId, tag)) return undefined;
  }
}

/**
 * Takes a tag away (protocol 4.7). A delete token is used up only by a tag that went.
 *
 * @throws AppError `not_found`, `unauthenticated`, `forbidden`, `conflict` for a tag that is immutable
 */
export async function deleteTag(ctx: Needs<'db'>, actor: Actor, name: RepositoryName, tag: string): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const { repository, doer } = await assertMayDelete({ db: tx }, actor, name);
    await lockRepository(tx, repository.id);
    const isImmutable = await lockImmutableTags(tx, repository.id);
    const from = isTag(tag) ? await store.deleteTag(tx, repository.id, tag) : undefined;
    if (from === undefined) throw new AppError('not_found', `Tag not found: ${tag}`);
    if (isImmutable(tag)) throw tagIsImmutable(tag);
    await insertEvent(tx, repository.id, doer, { tag, from, to: undefined });
    await recordEvent(tx, doer, { action: 'tag.deleted', subject: `${displayName(name)}:${tag}`, details: { from } });
  });
}
