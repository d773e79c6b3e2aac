import type { Range } from '../../platform/db/query';
import type { ReadableRepository } from '../repositories/access';
import { isImageId } from '../repositories/names';
import { assertComplete, layerToRead } from './images';
import { directoryPage, type InspectionNeeds } from './inspection/inspection';
import { locateIn } from './image-by-id';
import type { LayerEntry } from './tar/directory';

/** Which directory to show, and which part of it. */
export interface FilesWanted extends Range {
  /** from the root: `/`, `/usr/bin` */
  readonly directory: string;
  /** a part of the name; undefined: any */
  readonly text?: string | undefined;
}

/** A part of a directory of a layer: directories first, then by name. */
export interface FilePage {
  /** as the caller asked for it, normalized */
  readonly directory: string;
  /** the number of entries that match, on all pages */
  readonly total: number;
  /** the layer has more entries than we read */
  readonly isCut: boolean;
  readonly entries: readonly LayerEntry[];
}

/** `usr/bin/` and `//usr/./bin` are `/usr/bin`; `..` does not lead up. */
function plain(directory: string): string {
  return `/${directory
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

/**
 * The entries of one directory in the layer of an image. A directory of which the layer has nothing is empty. Only this
 * layer is read: files of the layers below are not listed.
 *
 * @param signal - aborted when the client no longer waits
 * @throws AppError `not_found` when the image is not in this repository, `invalid` when the layer is not an archive
 *   that can be read or is being uploaded, `unavailable` when it is damaged or takes too long, `busy`
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
