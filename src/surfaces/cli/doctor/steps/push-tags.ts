import type { EngineRun } from '../engine-run';
import type { PushedImage } from '../pushed-image';

/** An entry of the list that the index gets. */
export interface ListedImage {
  readonly id: string;
  readonly checksum?: string;
  readonly Tag?: string;
}

/** Parents first; with a tag where the image has one, and in 0.6 and 0.7 wherever a descendant has one. */
export function imageList({ session, pushed }: EngineRun): ListedImage[] {
  return pushed.images.map((image) => {
    const tag = session.generation.tagsAncestors
      ? inheritedTag(pushed.images, pushed.tags, image)
      : tagOf(pushed.tags, image);
    return { id: image.id, ...(tag === undefined ? {} : { Tag: tag }) };
  });
}

type Tags = EngineRun['pushed']['tags'];

/** The tag of an image, if it has one of its own. */
function tagOf(tags: Tags, { id }: PushedImage): string | undefined {
  return Object.keys(tags).find((tag) => tags[tag] === id);
}

/** The tag of the nearest descendant that has one. */
function inheritedTag(images: readonly PushedImage[], tags: Tags, image: PushedImage): string | undefined {
  const own = tagOf(tags, image);
  const child = images.find(({ parent }) => parent === image.id);
  return own ?? (child && inheritedTag(images, tags, child));
}

/** The tag that this engine PUTs behind an image. */
export function pushedTag(run: EngineRun, image: PushedImage): string | undefined {
  return imageList(run).find(({ id }) => id === image.id)?.Tag;
}
