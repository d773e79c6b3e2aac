import type { Needs } from '../../context';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../accounts/actor';
import { assertMayDelete } from './deletion';
import type { Engine } from './engine';
import { assertTag, isImageId } from './names';
import { assertReadable, assertWritable, findScope } from './scope';
import * as store from './tags.store';

const MISSING = 'Repository not found';

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
export async function tagsAsJson(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<string> {
  const repository = assertReadable(await findScope(ctx, actor, name), MISSING);
  return store.tagsAsJson(ctx.db, repository.id);
}

/**
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function getTag(ctx: Needs<'db'>, actor: Actor, name: RepositoryName, tag: string): Promise<Tag> {
  const repository = assertReadable(await findScope(ctx, actor, name), MISSING);
  const row = await store.findTag(ctx.db, repository.id, tag);
  if (row === undefined) throw new AppError('not_found', 'Tag not found');
  return { name: row.name, imageId: row.image_id, engine: row.engine, updatedAt: row.updated_at };
}

/**
 * Sets or moves a tag to an image that is complete in the repository, with all its ancestors (protocol 4.7).
 *
 * @param imageId - as the wire brought it
 * @throws AppError `invalid` for the tag's name or what is no image id, `not_found`, `unauthenticated`, `forbidden`
 */
export async function putTag(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  tag: { name: string; imageId: unknown; engine: Engine },
): Promise<void> {
  const repository = assertWritable(await findScope(ctx, actor, name), actor, MISSING);
  const { imageId } = tag;
  assertTag(tag.name);
  if (typeof imageId !== 'string' || imageId === '') throw new AppError('invalid', 'Invalid data');
  if (!isImageId(imageId) || !(await store.isChainComplete(ctx.db, repository.id, imageId))) {
    throw new AppError('not_found', 'Image not found');
  }
  try {
    await store.upsertTag(ctx.db, repository.id, { ...tag, imageId });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new AppError('not_found', 'Image not found', { cause: error });
  }
}

/**
 * @throws AppError `not_found`, `unauthenticated`, `forbidden`
 */
export async function deleteTag(ctx: Needs<'db'>, actor: Actor, name: RepositoryName, tag: string): Promise<void> {
  const repository = await assertMayDelete(ctx, actor, name);
  if (!(await store.deleteTag(ctx.db, repository.id, tag))) throw new AppError('not_found', `Tag not found: ${tag}`);
}
