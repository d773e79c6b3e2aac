import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { ReadableRepository } from '../repositories/access';
import { getTagOnPage, listTagPage, type TagOnPage, type TagsWanted } from '../tags/tag-pages';
import { listArchitectures, listViews } from './image-views.store';
import { summarizeManifests, type ManifestSummary } from './manifest-summaries';

/** A tag, and what the clients of each protocol get for it. */
export interface ShownTag extends TagOnPage {
  /** undefined: it was pushed over v1 */
  readonly manifest: ManifestSummary | undefined;
  /** of the manifest that clients of v2 get; undefined: it is computed at their first pull, or they cannot get one */
  readonly digest: string | undefined;
  /** why v1 clients cannot get an image, if they cannot; of an index, those on amd64 */
  readonly v1Problem: string | undefined;
  /** of an index: the other architectures for which it has an image of v1 */
  readonly otherArchitectures: readonly string[];
  /** why clients of v2 cannot get a manifest, if that is known */
  readonly v2Problem: string | undefined;
}

type View = Pick<ShownTag, 'digest' | 'v2Problem'>;

/** The views of tags that were pushed over v1, by their images. */
async function viewsOf(
  ctx: Needs<'db'>,
  repositoryId: number,
  tags: readonly TagOnPage[],
): Promise<ReadonlyMap<string, View>> {
  const ids = tags.flatMap(({ imageId, manifestId }) => (manifestId === undefined ? [imageId ?? ''] : []));
  if (ids.length === 0) return new Map();
  const rows = await listViews(ctx.db, repositoryId, [...new Set(ids)]);
  return new Map(
    rows.map(({ image_id: id, digest, problem }) => [
      id,
      { digest: digest ?? undefined, v2Problem: problem ?? undefined },
    ]),
  );
}

async function architecturesOf(ctx: Needs<'db'>, ids: readonly number[]): Promise<ReadonlyMap<number, string[]>> {
  if (ids.length === 0) return new Map();
  const rows = await listArchitectures(ctx.db, ids);
  return new Map(rows.map(({ manifest_id: id, architectures }) => [id, architectures]));
}

function ofV1(tag: TagOnPage, view: View | undefined): ShownTag {
  const { digest, v2Problem = tag.layerProblem } = view ?? {};
  const problems = { v1Problem: undefined, v2Problem: digest === undefined ? v2Problem : undefined };
  return { ...tag, manifest: undefined, digest, ...problems, otherArchitectures: [] };
}

function ofV2(tag: TagOnPage, manifest: ManifestSummary, otherArchitectures: readonly string[]): ShownTag {
  const { totalSizeBytes, layerCount, digest } = manifest;
  const problems = { v1Problem: tag.imageId === undefined ? manifest.v1Problem : undefined, v2Problem: undefined };
  return { ...tag, manifest, totalSizeBytes, layerCount, digest, ...problems, otherArchitectures };
}

/** The size and the layers of a tag are those of its manifest, if it has one. */
async function withManifests(ctx: Needs<'db'>, repositoryId: number, tags: readonly TagOnPage[]): Promise<ShownTag[]> {
  const ids = tags.flatMap(({ manifestId }) => (manifestId === undefined ? [] : [manifestId]));
  const found = await summarizeManifests(ctx, [...new Set(ids)]);
  const views = await viewsOf(ctx, repositoryId, tags);
  const architectures = await architecturesOf(ctx, [...found.keys()]);
  return tags.map((tag) => {
    const manifest = found.get(tag.manifestId ?? 0);
    if (manifest === undefined) return ofV1(tag, views.get(tag.imageId ?? ''));
    return ofV2(tag, manifest, architectures.get(manifest.id) ?? []);
  });
}

/** Which tags, in which order: the largest first, too. */
export interface ShownTagsWanted extends Omit<TagsWanted, 'sort'> {
  readonly sort: TagsWanted['sort'] | 'size';
}

/** The size of a tag is a sum over its layers, so the sizes of more tags are not compared. */
export const MOST_TAGS_BY_SIZE = 1000;

async function listBySize(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  { text, limit, offset }: Omit<ShownTagsWanted, 'sort'>,
): Promise<{ total: number; tags: ShownTag[] }> {
  const all = { text, sort: 'name', limit: MOST_TAGS_BY_SIZE, offset: 0 } as const;
  const { total, tags } = await listTagPage(ctx, repository, all);
  if (total > MOST_TAGS_BY_SIZE) {
    const most = MOST_TAGS_BY_SIZE.toLocaleString('en-US');
    throw new AppError('invalid', `No more than ${most} tags can be sorted by size. Filter them by a part of the name`);
  }
  const shown = await withManifests(ctx, repository.id, tags);
  shown.sort((one, other) => other.totalSizeBytes - one.totalSizeBytes);
  return { total, tags: shown.slice(offset, offset + limit) };
}

/**
 * A page of the tags of a repository, pushed over v1 or v2, and the total number of tags that match.
 *
 * @throws AppError `invalid` for too many tags by size
 */
export async function listShownTags(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  { sort, ...rest }: ShownTagsWanted,
): Promise<{ total: number; tags: ShownTag[] }> {
  if (sort === 'size') return listBySize(ctx, repository, rest);
  const { total, tags } = await listTagPage(ctx, repository, { ...rest, sort });
  return { total, tags: await withManifests(ctx, repository.id, tags) };
}

/**
 * One tag, pushed over v1 or v2.
 *
 * @throws AppError `not_found`
 */
export async function getShownTag(ctx: Needs<'db'>, repository: ReadableRepository, tag: string): Promise<ShownTag> {
  const found = await getTagOnPage(ctx, repository, tag);
  return (await withManifests(ctx, repository.id, [found]))[0] ?? ofV1(found, undefined);
}
