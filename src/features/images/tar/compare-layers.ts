import { AppError } from '../../../platform/errors';
import type { FileEntry } from './file-list';
import { PathTrie } from './path-trie';

/** The facts about a file, without its name. */
export type FileFacts = FileEntry extends readonly [string, ...infer Rest] ? Rest : never;

/** The changes of a layer, by name (protocol 4.9). */
export interface LayerDiff {
  readonly deleted: Readonly<Record<string, FileFacts>>;
  readonly changed: Readonly<Record<string, FileFacts>>;
  readonly created: Readonly<Record<string, FileFacts>>;
}

/** The maximum number of path components that layers may delete: each is an object in memory. */
const HIDDEN_COMPONENTS = 1_000_000;

/** The files that the layers below make visible. They are added from the topmost down. */
export class LowerLayers {
  private readonly names = new Set<string>();
  private readonly hidden = new PathTrie();

  /**
   * Adds the next layer below those that were added.
   *
   * @throws AppError `too_large` when the layers delete more paths than may be held in memory
   */
  add(files: readonly FileEntry[]): void {
    // A whiteout deletes files of the layers below, not of its own layer.
    for (const [name, , isDeleted] of files) if (!isDeleted && !this.hidden.covers(name)) this.names.add(name);
    for (const [name, , isDeleted] of files) {
      if (!isDeleted) continue;
      this.hidden.add(name);
      if (this.hidden.size > HIDDEN_COMPONENTS) throw new AppError('too_large', 'Layer has too many files to list');
    }
  }

  has(name: string): boolean {
    return this.names.has(name);
  }
}

/** Compares the files of a layer with those of the layers below. */
export function compareLayers(files: readonly FileEntry[], lower: LowerLayers): LayerDiff {
  // Maps first: a file may be called __proto__.
  const parts = { deleted: new Map<string, FileFacts>(), changed: new Map(), created: new Map() } as const;
  for (const [name, ...facts] of files) {
    const isDeleted = facts[1];
    const part = isDeleted ? parts.deleted : lower.has(name) ? parts.changed : parts.created;
    part.set(name, facts);
  }
  const { deleted, changed, created } = parts;
  return {
    deleted: Object.fromEntries(deleted),
    changed: Object.fromEntries(changed) as Record<string, FileFacts>,
    created: Object.fromEntries(created) as Record<string, FileFacts>,
  };
}
