import type { Needs } from '../../context';
import type { Actor, RepositoryName } from '../access/actor';
import { assertReadable, type ReadableRepository } from '../repositories/access';
import { findAccessWithTags } from '../repositories/repository-access';

/** The tags of a repository. */
export interface TagList {
  readonly repository: ReadableRepository;
  readonly json: Buffer;
  /** some tags are missing, because their images are still to be derived from manifests */
  readonly isPending: boolean;
}

/**
 * All tags as the JSON text `{"<tag>":"<image id>",…}`, sorted by name (protocol 4.7). The query that reads them also
 * authorises the actor: this is the most frequent read of all.
 *
 * @param architecture - of the engine that asks; undefined: amd64
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function tagsAsJson(
  ctx: Needs<'db' | 'cache'>,
  actor: Actor,
  name: RepositoryName,
  architecture?: string,
): Promise<TagList> {
  const access = await findAccessWithTags(ctx, actor, name, architecture);
  const repository = assertReadable(access);
  return { repository, json: access.json ?? Buffer.from('{}'), isPending: access.isPending };
}
