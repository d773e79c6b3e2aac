import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { layerIsDamaged, openBlob } from './damage';
import { inProgress } from './images';
import * as store from './images.store';
import type { Image } from './locate';
import { listFiles, type FileEntry } from './tar/file-list';

/** What is known of a file, without its name. */
type FileFacts = FileEntry extends readonly [string, ...infer Rest] ? Rest : never;

/** What a layer changed, by name (protocol 4.9). */
export interface LayerDiff {
  readonly deleted: Readonly<Record<string, FileFacts>>;
  readonly changed: Readonly<Record<string, FileFacts>>;
  readonly created: Readonly<Record<string, FileFacts>>;
}

/** Of all layers of a chain together: the names are held in memory. */
const ENTRIES_LIMIT = 500_000;

/** What the layers below show of the file system, the topmost first. */
class LowerLayers {
  private readonly names = new Set<string>();
  private readonly hidden = new Set<string>();

  /** Adds the next layer below those that were added. */
  add(files: readonly FileEntry[]): void {
    const present = files.filter(([name, , isDeleted]) => !isDeleted && !this.isHidden(name));
    for (const [name] of present) this.names.add(name);
    for (const [name, , isDeleted] of files) if (isDeleted) this.hidden.add(name);
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  /** A layer above deleted it, or a directory that it is in. */
  private isHidden(name: string): boolean {
    for (let end = name.length; end > 0; end = name.lastIndexOf('/', end - 1)) {
      if (this.hidden.has(name.slice(0, end))) return true;
    }
    return false;
  }
}

async function filesOf(
  ctx: Needs<'db' | 'blobs' | 'log'>,
  layer: store.ChainLayerRow,
  entries: number,
): Promise<FileEntry[]> {
  if (layer.is_damaged) throw layerIsDamaged();
  const { digest, storage_key: storageKey, size_bytes: sizeBytes } = layer;
  const bytes = await openBlob(ctx, { digest, storageKey, sizeBytes });
  try {
    return await listFiles(bytes as AsyncIterable<Buffer>, { entries });
  } finally {
    bytes.destroy();
  }
}

/**
 * What a layer deleted, changed and created in what its ancestors had.
 *
 * @throws AppError `invalid` when a layer is no archive that can be read, or an ancestor is being uploaded; `too_large`;
 *   `unavailable` when a layer is damaged
 */
export async function diffImage(ctx: Needs<'db' | 'blobs' | 'log'>, image: Image): Promise<LayerDiff> {
  const [top, ...below] = await store.chainLayers(ctx.db, image.linkId, image.repositoryId);
  if (top === undefined) throw new AppError('not_found', 'Image not found');
  if (below.length + 1 !== image.depth) throw inProgress();
  const files = await filesOf(ctx, top, ENTRIES_LIMIT);
  let left = ENTRIES_LIMIT - files.length;
  const lower = new LowerLayers();
  for (const layer of below) {
    const found = await filesOf(ctx, layer, left);
    left -= found.length;
    lower.add(found);
  }
  return compare(files, lower);
}

function compare(files: readonly FileEntry[], lower: LowerLayers): LayerDiff {
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
