import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { imagesAsJson } from '../pushes/image-lists';
import type { ReadableRepository } from '../repositories/access';
import { tagsAsJson } from '../tags/tag-list';
import { findTag, MISSING_TAG, type Tag } from '../tags/tags';
import type { ViewNeeds } from './image-views';
import { deriveAwaited, deriveForTag } from './pending-images';

/*
 * The tags of a repository as v1 clients get them: engines of another architecture than amd64 get other images of an index.
 * Images that are still to be derived from manifests are derived now.
 */

/**
 * All tags as JSON text.
 *
 * @param architecture - of the engine that asks; undefined: amd64
 * @throws AppError as `tagsAsJson`; `unavailable` when images cannot be derived within 30 seconds, `busy`
 */
export async function tagsForV1(
  ctx: ViewNeeds,
  actor: Actor,
  name: RepositoryName,
  architecture: string | undefined,
): Promise<Buffer> {
  const { repository, json, isPending } = await tagsAsJson(ctx, actor, name, architecture);
  if (!isPending) return json;
  await deriveAwaited(ctx, repository, architecture);
  return (await tagsAsJson(ctx, actor, name, architecture)).json;
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
  await deriveAwaited(ctx, repository, undefined);
  return { repositoryId: repository.id, json: (await imagesAsJson(ctx, actor, name)).json };
}

/**
 * One tag.
 *
 * @param architecture - of the engine that asks; undefined: amd64
 * @throws AppError as `getTag`; `unavailable` when its image cannot be derived within 30 seconds, or a blob is damaged;
 *   `busy`
 */
export async function tagForV1(
  ctx: ViewNeeds,
  repository: ReadableRepository,
  tag: string,
  architecture: string | undefined,
): Promise<Tag> {
  const find = (): Promise<Tag | undefined> => findTag(ctx.db, repository, tag, architecture);
  const found = (await find()) ?? ((await deriveForTag(ctx, repository, tag)) ? await find() : undefined);
  if (found === undefined) throw new AppError('not_found', MISSING_TAG);
  return found;
}
