import type { Range } from '../../../platform/db/query';
import type { DirectoryListing, LayerEntry } from '../tar/directory';

/** Which part of a directory to show. */
export interface PageWanted extends Range {
  /** a part of the name; undefined: any */
  readonly text: string | undefined;
}

/** A part of a directory of a layer. */
export interface DirectoryPage extends DirectoryListing {
  /** the number of entries that match, on all pages */
  readonly total: number;
}

type WrittenEntry = Omit<LayerEntry, 'modifiedAt' | 'linkTarget'> & {
  readonly modifiedAt?: string;
  readonly linkTarget?: string;
};

/**
 * Takes a page out of a directory.
 *
 * @param listing - a `DirectoryListing` as JSON in UTF-8
 */
export function pageOf(listing: Uint8Array, { text, limit, offset }: PageWanted): DirectoryPage {
  const written = JSON.parse(new TextDecoder().decode(listing)) as { entries: WrittenEntry[]; isCut: boolean };
  const found = text === undefined ? written.entries : written.entries.filter(({ name }) => name.includes(text));
  const entries = found.slice(offset, offset + limit).map(({ modifiedAt, linkTarget, ...entry }) => ({
    ...entry,
    modifiedAt: modifiedAt === undefined ? undefined : new Date(modifiedAt),
    linkTarget,
  }));
  return { entries, isCut: written.isCut, total: found.length };
}
