import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createDirectory } from '../platform/files/create-directory';
import { replaceFile } from '../platform/files/private-files';
import type { BlobStore } from './blob-store';
import { isNotFound } from './file-moves';
import type { Bucket } from './s3/bucket';

/*
 * A place has its id in itself, next to the blobs: a directory stays the same place when it is mounted elsewhere, and an empty
 * directory in front of a disk that is not mounted is another one.
 */

/** Where the id is. */
const MARK = 'place-id';

/** Begins the names of the files or objects, each of which says that a hub uses the place. */
const HUB = 'hub-';

/** The id of a place, and of the hubs that use it, in the place. */
export interface PlaceMark {
  /** Undefined: the place is new, or was last used by a version without ids. */
  read(): Promise<string | undefined>;
  write(id: string): Promise<void>;
  /** The ids of the hubs that use the place, or did. */
  hubs(): Promise<string[]>;
  addHub(id: string): Promise<void>;
}

/** A directory or a bucket with blobs. */
export interface Place {
  /** `s3://bucket/prefix` or `file:/directory` */
  readonly location: string;
  readonly store: BlobStore;
  readonly mark: PlaceMark;
}

/** The places of a server. */
export interface Places {
  /** Where new blobs are written. */
  readonly current: Place;
  /** Where blobs are read from that are missing there, while the server is moved; undefined: it is not. */
  readonly other: Place | undefined;
}

function hubsIn(names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith(HUB)).map((name) => name.slice(HUB.length));
}

function idIn(text: string): string | undefined {
  return text.trim() === '' ? undefined : text.trim();
}

/** The mark of a directory. */
export function markOfDirectory(root: string): PlaceMark {
  const file = path.join(root, MARK);
  return {
    read: async () => {
      try {
        return idIn(await readFile(file, 'utf8'));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    write: async (id) => {
      await createDirectory(root);
      await writeFile(`${file}.new`, `${id}\n`, { flush: true });
      await replaceFile(`${file}.new`, file);
    },
    hubs: async () => hubsIn(await readdir(root)),
    addHub: (id) => writeFile(path.join(root, HUB + id), ''),
  };
}

/** The mark of a bucket, or of a folder in one. */
export function markOfBucket(bucket: Bucket): PlaceMark {
  return {
    read: async () => {
      const object = await bucket.open(MARK, undefined, new AbortController().signal);
      if (object === undefined) return undefined;
      const pieces: Buffer[] = [];
      for await (const piece of object.body as AsyncIterable<Buffer>) pieces.push(piece);
      return idIn(Buffer.concat(pieces).toString('utf8'));
    },
    write: (id) => bucket.put(MARK, Buffer.from(`${id}\n`)),
    hubs: async () => {
      const names: string[] = [];
      for await (const page of bucket.list(HUB)) names.push(...page.map(({ key }) => key));
      return hubsIn(names);
    },
    addHub: (id) => bucket.put(HUB + id, Buffer.alloc(0)),
  };
}
