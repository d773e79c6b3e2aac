import type { Needs } from '../../context';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../accounts/actor';
import { isImageId } from '../repositories/names';
import { assertComplete, readLayer } from './images';
import { locateInRepository } from './locate';
import { decompress } from './tar/decompress';
import { Directory, type LayerEntry } from './tar/directory';
import { readTar, TarError } from './tar/tar-reader';

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

/** Read of a layer, and held in memory of it. */
const ENTRIES_READ = 500_000;
const HELD = { entries: 100_000, bytes: 16 * 1024 * 1024 };

/** `usr/bin/` and `//usr/./bin` are `/usr/bin`; nothing leads up. */
function plain(directory: string): string {
  return `/${directory
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

async function readDirectory(
  layer: AsyncIterable<Buffer>,
  path: string,
): Promise<{ entries: LayerEntry[]; isCut: boolean }> {
  const directory = new Directory(path, HELD);
  let read = 0;
  try {
    for await (const entry of readTar(decompress(layer))) {
      read += 1;
      if (!directory.add(entry) || read === ENTRIES_READ) return { entries: directory.sorted(), isCut: true };
    }
  } catch (error) {
    if (error instanceof TarError) throw new AppError('invalid', 'Layer format not supported', { cause: error });
    throw error;
  }
  return { entries: directory.sorted(), isCut: false };
}

/**
 * What the layer of an image of a repository has in one directory; a directory that it has nothing in is empty. Only
 * this layer: what those below have is not there. For whoever may read the repository, also by a former name.
 *
 * @throws AppError `not_found` also when the image is not in this repository, `unauthenticated`, `invalid` when the
 *   layer is no archive that can be read or is being uploaded, `unavailable` when it is damaged
 */
export async function browseImageFiles(
  ctx: Needs<'db' | 'blobs' | 'log'>,
  actor: Actor,
  name: RepositoryName,
  imageId: string,
  { directory, text, limit, offset }: FilesWanted,
): Promise<FilePage> {
  // Asked for an id that is none, Postgres finds nothing: but who may not read the repository hears nothing of ids.
  const located = await locateInRepository(ctx, actor, name, isImageId(imageId) ? imageId : '');
  const layer = await readLayer(ctx, assertComplete(located, imageId));
  try {
    const path = plain(directory);
    const { entries, isCut } = await readDirectory(layer as AsyncIterable<Buffer>, path);
    const found = text === undefined ? entries : entries.filter((entry) => entry.name.includes(text));
    return { directory: path, total: found.length, isCut, entries: found.slice(offset, offset + limit) };
  } finally {
    layer.destroy();
  }
}
