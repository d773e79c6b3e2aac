import type { Needs } from '../../context';
import type { ReadableRepository } from '../repositories/access';
import { getTagOnPage, listTagPage, type TagOnPage, type TagsWanted } from '../tags/tag-pages';
import { summarizeManifests, type ManifestSummary } from './manifest-summaries';

/** A tag, and the manifest that it points to. */
export interface ShownTag extends TagOnPage {
  /** undefined: it was pushed over v1 */
  readonly manifest: ManifestSummary | undefined;
}

/** The size and the layers of a tag are those of its manifest, if it has one. */
async function withManifests(ctx: Needs<'db'>, tags: readonly TagOnPage[]): Promise<ShownTag[]> {
  const ids = tags.flatMap(({ manifestId }) => (manifestId === undefined ? [] : [manifestId]));
  const found = await summarizeManifests(ctx, [...new Set(ids)]);
  return tags.map((tag) => {
    const manifest = found.get(tag.manifestId ?? 0);
    const { totalSizeBytes, layerCount } = manifest ?? tag;
    return { ...tag, manifest, totalSizeBytes, layerCount };
  });
}

/** A page of the tags of a repository, pushed over v1 or v2, and the total number of tags that match. */
export async function listShownTags(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  wanted: TagsWanted,
): Promise<{ total: number; tags: ShownTag[] }> {
  const { total, tags } = await listTagPage(ctx, repository, wanted);
  return { total, tags: await withManifests(ctx, tags) };
}

/**
 * One tag, pushed over v1 or v2.
 *
 * @throws AppError `not_found`
 */
export async function getShownTag(ctx: Needs<'db'>, repository: ReadableRepository, tag: string): Promise<ShownTag> {
  const found = await getTagOnPage(ctx, repository, tag);
  return (await withManifests(ctx, [found]))[0] ?? { ...found, manifest: undefined };
}
