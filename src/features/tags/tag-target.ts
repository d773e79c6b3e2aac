import type { Db } from '../../platform/db/db';
import type { ReadableRepository } from '../repositories/access';
import { isTag } from '../repositories/names';
import * as store from './tags.store';

export type { TagTarget } from './tags.store';

/** What a tag points to, for clients of either protocol; undefined: the repository has no such tag. */
export async function findTagTarget(
  db: Db,
  { id: repositoryId }: ReadableRepository,
  tag: string,
): Promise<store.TagTarget | undefined> {
  return isTag(tag) ? store.findTarget(db, repositoryId, tag) : undefined;
}
