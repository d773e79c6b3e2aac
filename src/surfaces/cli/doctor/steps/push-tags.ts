import type { EngineRun } from '../engine-run';
import type { PushedImage } from '../pushed-image';

/** An entry of the list for the index. */
export interface ListedImage {
  readonly id: string;
  readonly checksum?: string;
  readonly Tag?: string;
}

/**
 * The list for the index: parents first, with the tags of the images; 0.6 and 0.7 also give an ancestor the tag of its
 * descendant.
 */
export function imageList({ session, pushed }: EngineRun): ListedImage[] {
  return pushed.images.map((image) => {
    const tag = session.generation.tagsAncestors
      ? inheritedTag(pushed.images, pushed.tags, image)
      : tagOf(pushed.tags, image);
    return { id: image.id, ...(tag === undefined ? {} : { Tag: tag }) };
  });
}

type Tags = EngineRun['pushed']['tags'];

/** The image's own tag. */
function tagOf(tags: Tags, { id }: PushedImage): string | undefined {
  return Object.keys(tags).find((tag) => tags[tag] === id);
}

/** The image's own tag, or that of its nearest descendant. */
function inheritedTag(images: readonly PushedImage[], tags: Tags, image: PushedImage): string | undefined {
  const own = tagOf(tags, image);
  const child = images.find(({ parent }) => parent === image.id);
  return own ?? (child && inheritedTag(images, tags, child));
}

/** The tag that this engine sets after the upload of an image. */
export function pushedTag(run: EngineRun, image: PushedImage): string | undefined {
  return imageList(run).find(({ id }) => id === image.id)?.Tag;
}
