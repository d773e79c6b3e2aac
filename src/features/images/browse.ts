import type { Range } from '../../platform/db/query';
import type { ReadableRepository } from '../repositories/access';
import { isImageId } from '../repositories/names';
import { assertComplete, layerToRead } from './images';
import { directoryPage, type InspectionNeeds } from './inspection/inspection';
import { locateIn } from './image-by-id';
import type { LayerEntry } from './tar/directory';

/** Which part of which directory to show. */
export interface FilesWanted extends Range {
  /** from the root: `/`, `/usr/bin` */
  readonly directory: string;
  /** a part of the name; undefined: any */
  readonly text?: string | undefined;
}

/** A part of a directory of a layer: directories first, then by name. */
export interface FilePage {
  /** as it was asked for, made plain */
  readonly directory: string;
  /** of those that were asked for, on all pages */
  readonly total: number;
  /** the layer has more in it than anybody looks through */
  readonly isCut: boolean;
  readonly entries: readonly LayerEntry[];
}

/** `usr/bin/` and `//usr/./bin` are `/usr/bin`; nothing leads up. */
function plain(directory: string): string {
  return `/${directory
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

/**
 * What the layer of an image of a repository has in one directory; a directory that it has nothing in is empty. Only
 * this layer: what those below have is not there.
 *
 * @param signal - aborted when nobody waits for it any more
 * @throws AppError `not_found` when the image is not in this repository, `invalid` when the layer is not an archive that
 *   can be read or is being uploaded, `unavailable` when it is damaged or takes too long, `busy`
 */
export async function browseImageFiles(
  ctx: InspectionNeeds,
  repository: ReadableRepository,
  imageId: string,
  { directory, text, limit, offset }: FilesWanted,
  signal: AbortSignal,
): Promise<FilePage> {
  const located = isImageId(imageId) ? await locateIn(ctx, repository, imageId) : undefined;
  const layer = layerToRead(assertComplete(located, imageId));
  const path = plain(directory);
  const asker = { actor: repository.access.actor, signal };
  return { directory: path, ...(await directoryPage(ctx, asker, layer, { directory: path, text, limit, offset })) };
}
