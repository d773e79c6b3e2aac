import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { readManifest, type ManifestDocument } from './manifest-document';
import { kindOf, platformOf, type ManifestKind } from './manifest-kind';
import * as store from './manifest-summaries.store';

/** The facts about a manifest that lists show. */
export interface ManifestSummary {
  readonly id: number;
  readonly digest: string;
  readonly mediaType: string;
  readonly kind: ManifestKind;
  /** of an artifact; undefined: it does not say one */
  readonly artifactType: string | undefined;
  /** of an index, each once, in its order: `linux/arm64/v8` */
  readonly platforms: readonly string[];
  /** of the config and the layers, each blob once; of an index, of all that it lists */
  readonly totalSizeBytes: number;
  /** 0 for an index */
  readonly layerCount: number;
  /** why v1 clients cannot get it, if they cannot */
  readonly v1Problem: string | undefined;
}

/** The manifests of a whole page are in memory at once. Larger ones are listed without layers and platforms. */
const READ_BYTES = 64 * 1024;

/** Reads a manifest that was valid when it was pushed; undefined if the rules are stricter now. */
export function tryToRead(bytes: Buffer, mediaType: string): ManifestDocument | undefined {
  try {
    return readManifest(bytes, mediaType);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** The platforms that an index lists, each once. */
export function platformsOf({ children }: Pick<ManifestDocument, 'children'>): string[] {
  const found = children.map(platformOf).filter((platform) => platform !== undefined);
  return [...new Set(found)];
}

function toSummary(row: store.SummaryRow, totalSizeBytes: number): ManifestSummary {
  const { id, digest, media_type: mediaType } = row;
  const read = row.bytes === null ? undefined : tryToRead(row.bytes, mediaType);
  const type = row.artifact_type ?? undefined;
  const kind = kindOf(mediaType, type);
  return {
    id,
    digest,
    mediaType,
    kind,
    artifactType: kind === 'artifact' ? type : undefined,
    platforms: read === undefined ? [] : platformsOf(read),
    totalSizeBytes,
    layerCount: read?.layers.length ?? 0,
    v1Problem: row.v1_problem ?? undefined,
  };
}

/** The summaries of manifests by their number; those that have just been deleted are left out. */
export async function summarizeManifests(
  ctx: Needs<'db'>,
  ids: readonly number[],
): Promise<ReadonlyMap<number, ManifestSummary>> {
  if (ids.length === 0) return new Map();
  const rows = await store.listSummaries(ctx.db, ids, READ_BYTES);
  const sums = new Map((await store.sumBlobs(ctx.db, ids)).map(({ id, bytes }) => [id, bytes]));
  return new Map(rows.map((row) => [row.id, toSummary(row, sums.get(row.id) ?? 0)]));
}
