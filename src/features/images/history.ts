import { setImmediate } from 'node:timers/promises';
import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { JsonRecord } from '../../platform/untrusted-json';
import { imageConfigOf, type ImageConfig } from '../manifests/image-config';
import { isImageId, isTag } from '../repositories/names';
import type { ReadableRepository } from '../repositories/access';
import * as store from './history.store';
import { readLayerFacts, type LayerFacts } from './layer-facts';
import { parseLayerJson, whyUnreadable } from './layer-json';

/** A layer of an image. */
export interface HistoryLayer extends LayerFacts {
  /** the id of the image whose layer it is */
  readonly id: string;
  /** 1 for a base */
  readonly depth: number;
  /** as it was pushed, so mostly compressed */
  readonly layerSizeBytes: number;
  /** of its bytes as they were pushed: what `sha256sum` of the downloaded layer prints */
  readonly digest: string;
  /** what v1 engines compare: a sha256 over the json and the layer; undefined: it was not pushed over v1 */
  readonly checksum: string | undefined;
  /** why engines cannot read its json, and so cannot pull it; part of a sentence */
  readonly unreadable?: string | undefined;
}

/** How an image came to be: the image itself first, its base last. */
export interface ImageHistory {
  readonly imageId: string;
  /** of all layers */
  readonly totalSizeBytes: number;
  /** the base is missing: an ancestor is being uploaded */
  readonly isCut: boolean;
  /** what a container of the image starts with; undefined: its json cannot be read, or is very long */
  readonly config: ImageConfig | undefined;
  readonly layers: readonly HistoryLayer[];
}

/** The jsons of all layers, at most 127, are in memory at once, so only jsons of a usual size are read. */
const JSON_BYTES = 64 * 1024;

function isPossible(which: store.Which): boolean {
  return 'tag' in which ? isTag(which.tag) : isImageId(which.imageId);
}

async function readJsons(ctx: Needs<'db'>, rows: readonly store.HistoryRow[]): Promise<Map<number, JsonRecord>> {
  const contentIds = rows.map((row) => row.content_id);
  const found = new Map<number, JsonRecord>();
  for (const { id, json } of await store.listJsons(ctx.db, contentIds, JSON_BYTES)) {
    await setImmediate(); // together the jsons may be megabytes, so let other requests run
    const record = parseLayerJson(json);
    if (record !== undefined) found.set(id, record);
  }
  return found;
}

/** @param rows - child first */
function layersOf(rows: readonly store.HistoryRow[], jsons: ReadonlyMap<number, JsonRecord>): HistoryLayer[] {
  return rows.map((row, at) => ({
    id: row.image_id,
    depth: row.depth,
    layerSizeBytes: row.layer_size_bytes,
    digest: row.layer_digest,
    checksum: row.payload_checksum ?? undefined,
    unreadable: whyUnreadable(jsons.get(row.content_id)),
    ...readLayerFacts(jsons.get(row.content_id), jsons.get(rows[at + 1]?.content_id ?? 0)),
  }));
}

/**
 * The layers of an image of a repository, and the command that created each of them: the image first, its base last, as
 * `docker history` shows them; and its configuration.
 *
 * @param which - the image, or a tag that points to it
 * @throws AppError `not_found` when the repository has no such image or tag
 */
export async function imageHistory(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  which: store.Which,
): Promise<ImageHistory> {
  const rows = isPossible(which) ? await store.listChain(ctx.db, repository.id, which) : [];
  const [image] = rows;
  if (image === undefined) throw new AppError('not_found', 'tag' in which ? 'Tag not found' : 'Image not found');
  const jsons = await readJsons(ctx, rows);
  const json = jsons.get(image.content_id);
  return {
    imageId: image.image_id,
    totalSizeBytes: image.total_size_bytes,
    isCut: rows.length < image.depth,
    config: json === undefined ? undefined : imageConfigOf(json),
    layers: layersOf(rows, jsons),
  };
}
