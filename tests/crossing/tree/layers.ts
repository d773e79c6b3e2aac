import { gunzipSync } from 'node:zlib';
import type { Tree, TreeFile } from './file-tree';
import { readArchive, type ArchivedFile } from './read-archive';

/*
 * What the layers of an image are together, by the rules of OCI (image-spec, layer.md): later layers replace and delete
 * files of earlier ones.
 */

const WHITEOUT = '.wh.';
const METADATA = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash);
}

function isBelow(path: string, folder: string): boolean {
  return folder === '.' ? path !== '.' : path.startsWith(`${folder}/`);
}

/** The files of the layers so far, and what the current layer has done to them: it deletes only files of earlier ones. */
class Layers {
  readonly files = new Map<string, TreeFile>();
  #own = new Set<string>();
  #changed = new Set<string>();

  /** @throws Error when the layer leaves something to the client: a directory that it does not describe */
  apply(tar: Buffer): void {
    this.#own = new Set();
    this.#changed = new Set();
    for (const entry of readArchive(tar)) this.#add(entry);
    for (const folder of this.#changed) this.#leaveTimeOpen(folder);
  }

  #add({ path, linkTo, file }: ArchivedFile): void {
    const folder = folderOf(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (folder !== '.' && this.files.get(folder)?.type !== 'directory') throw new Error(`${path} is in no directory`);
    if (name === OPAQUE) this.#empty(folder);
    if (name.startsWith(METADATA)) return;
    if (name.startsWith(WHITEOUT)) this.#whiteOut(folder, name.slice(WHITEOUT.length));
    else this.#put(path, linkTo === undefined ? file : this.#linked(linkTo));
  }

  #empty(folder: string): void {
    this.#remove((path) => isBelow(path, folder) && !this.#own.has(path));
    this.#changed.add(folder);
  }

  #whiteOut(folder: string, name: string): void {
    const gone = folder === '.' ? name : `${folder}/${name}`;
    this.#remove((path) => (path === gone || isBelow(path, gone)) && !this.#own.has(path));
    this.#changed.add(folder);
  }

  #put(path: string, file: TreeFile): void {
    const isUpdate = file.type === 'directory' && this.files.get(path)?.type === 'directory';
    if (!isUpdate) {
      this.#remove((known) => known === path || isBelow(known, path));
      this.#changed.add(folderOf(path));
    }
    this.files.set(path, file);
    this.#own.add(path);
  }

  #linked(target: string): TreeFile {
    const file = this.files.get(target);
    if (file === undefined) throw new Error(`there is no ${target} to link to`);
    return file;
  }

  #remove(isMeant: (path: string) => boolean): void {
    for (const path of [...this.files.keys()]) if (isMeant(path)) this.files.delete(path);
  }

  /** A directory gets the time of the extraction if the layer changes what is in it and does not describe it. */
  #leaveTimeOpen(folder: string): void {
    const file = this.files.get(folder);
    if (file !== undefined && !this.#own.has(folder)) this.files.set(folder, { ...file, mtime: undefined });
  }
}

/** The tree of uncompressed layers, the base first. */
export function treeOfLayers(layers: readonly Buffer[]): Tree {
  const together = new Layers();
  for (const layer of layers) together.apply(layer);
  return together.files;
}

/** The archive in a layer that is gzip or not compressed. */
export function tarIn(layer: Buffer): Buffer {
  return layer[0] === 0x1f ? gunzipSync(layer) : layer;
}
