import type { Needs } from '../../context';
import type { Actor, RepositoryName } from '../access/actor';
import { imagesAsJson } from '../pushes/image-lists';
import type { ReadableRepository } from '../repositories/access';
import { isTag } from '../repositories/names';
import type { TwinNeeds } from './twins';
import { tagsAsJson } from '../tags/tag-list';
import { findTag, getTag, type Tag } from '../tags/tags';
import { deriveAwaited, deriveForTag } from './pending-images';

/*
 * The tags of a repository as v1 clients get them. Images that are still to be derived from manifests are derived now.
 */

type ViewNeeds = TwinNeeds & Needs<'cache' | 'layerDescriptions'>;

/**
 * All tags as JSON text.
 *
 * @throws AppError as `tagsAsJson`; `unavailable` when images cannot be derived within 30 seconds, `busy`
 */
export async function tagsForV1(ctx: ViewNeeds, actor: Actor, name: RepositoryName): Promise<Buffer> {
  const { repository, json, isPending } = await tagsAsJson(ctx, actor, name);
  if (!isPending) return json;
  await deriveAwaited(ctx, repository);
  return (await tagsAsJson(ctx, actor, name)).json;
}

/**
 * The image list as JSON text.
 *
 * @throws AppError as `imagesAsJson`, and as `tagsForV1`
 */
export async function imagesForV1(
  ctx: ViewNeeds,
  actor: Actor,
  name: RepositoryName,
): Promise<{ repositoryId: number; json: string }> {
  const { repository, json, isPending } = await imagesAsJson(ctx, actor, name);
  if (!isPending) return { repositoryId: repository.id, json };
  await deriveAwaited(ctx, repository);
  return { repositoryId: repository.id, json: (await imagesAsJson(ctx, actor, name)).json };
}

/**
 * One tag.
 *
 * @throws AppError as `getTag`; `unavailable` when its image cannot be derived within 30 seconds, or a blob is damaged;
 *   `busy`
 */
export async function tagForV1(ctx: ViewNeeds, repository: ReadableRepository, tag: string): Promise<Tag> {
  const found = await findTag(ctx.db, repository, tag);
  if (found !== undefined) return found;
  if (isTag(tag)) await deriveForTag(ctx, repository, tag);
  return getTag(ctx, repository, tag);
}
