import type { Range } from '../../platform/db/query';
import type { RepositoryName } from '../access/actor';
import { isImageId } from '../repositories/names';
import { assertComplete, layerToRead } from './images';
import { directoryPage, type Asker, type InspectionNeeds } from './inspection/inspection';
import { locateInRepository } from './image-by-id';
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
 * this layer: what those below have is not there. For whoever may read the repository, also by a former name.
 *
 * @throws AppError `not_found` also when the image is not in this repository, `unauthenticated`, `invalid` when the
 *   layer is no archive that can be read or is being uploaded, `unavailable` when it is damaged or takes too long, `busy`
 */
export async function browseImageFiles(
  ctx: InspectionNeeds,
  asker: Asker,
  name: RepositoryName,
  imageId: string,
  { directory, text, limit, offset }: FilesWanted,
): Promise<FilePage> {
  // Asked for an id that is none, Postgres finds nothing: but who may not read the repository hears nothing of ids.
  const located = await locateInRepository(ctx, asker.actor, name, isImageId(imageId) ? imageId : '');
  const layer = layerToRead(assertComplete(located, imageId));
  const path = plain(directory);
  return { directory: path, ...(await directoryPage(ctx, asker, layer, { directory: path, text, limit, offset })) };
}
