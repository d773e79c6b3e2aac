import type { Needs } from '../../context';
import type { ReadableRepository } from '../repositories/access';
import * as store from './tag-lists.store';

/** Which part of a list a client asks for. */
export interface ListWanted {
  /** the last entry of the page before; undefined: the first page */
  readonly after: string | undefined;
  /** undefined: all */
  readonly limit: number | undefined;
}

/** A part of a list, in byte order. */
export interface NameList {
  readonly names: string[];
  /** whether there are more */
  readonly hasMore: boolean;
}

/** Removes the extra entry, which was read only to find out whether there are more. */
export function pageOf(names: string[], limit: number | undefined): NameList {
  if (limit === undefined || names.length <= limit) return { names, hasMore: false };
  return { names: names.slice(0, limit), hasMore: true };
}

/** The tags of a repository that can be pulled over v2. */
export async function listTags(
  ctx: Needs<'db'>,
  { id }: ReadableRepository,
  { after = '', limit }: ListWanted,
): Promise<NameList> {
  if (limit === 0) return { names: [], hasMore: false };
  const more = limit === undefined ? undefined : limit + 1;
  return pageOf(await store.listTagNames(ctx.db, id, { after, limit: more }), limit);
}
