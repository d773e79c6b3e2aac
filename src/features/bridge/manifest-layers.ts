import type { Db } from '../../platform/db/db';
import { compressionOf, type Compression } from '../../platform/bytes/compression';
import { isElsewhere, type Descriptor } from '../manifests/manifest-document';
import type { BlobNeeds, SizedBlobRef } from '../storage/blobs';
import { headOf } from './layer-facts';
import * as store from './manifest-layers.store';

/*
 * The layers of a manifest as engines get them that cannot read zstd: all engines of v1, and docker before 23 (bridge 7).
 * The first bytes of a layer decide, whatever its media type says.
 */

/** A layer of an image, compressed or not, as docker or OCI call it. */
const LAYER_TYPE = /(?:\.tar|[.+](?:gzip|zstd))$/;

/** Why the layers of a manifest cannot be those of an image of docker, by their types; undefined: they can. */
export function problemOfTypes(layers: readonly Descriptor[]): string | undefined {
  if (layers.length === 0) return 'it has no layers';
  if (layers.some(isElsewhere)) return 'some of its layers are foreign, from another server';
  const isOfImage = layers.every(({ mediaType = '' }) => LAYER_TYPE.test(mediaType));
  return isOfImage ? undefined : 'its layers are not archives, or are encrypted';
}

/** A blob, and what is known of it as a layer. */
export interface ManifestBlob extends SizedBlobRef {
  /** undefined: nobody has read it yet */
  readonly compression: Compression | undefined;
  /** why it cannot be unpacked */
  readonly problem: string | undefined;
  /** the same layer in gzip */
  readonly twin: { readonly digest: string; readonly sizeBytes: number } | undefined;
}

/** Blobs by the digest of their descriptor. */
export type ManifestBlobs = ReadonlyMap<string, ManifestBlob>;

function toBlob(row: store.BlobRow): ManifestBlob {
  const { digest, storage_key: storageKey, size_bytes: sizeBytes, compression, layer_problem: problem } = row;
  const { twin_digest: twin, twin_size_bytes: twinBytes } = row;
  return {
    digest,
    storageKey,
    sizeBytes,
    compression: compression ?? undefined,
    problem: problem ?? undefined,
    twin: twin === null || twinBytes === null ? undefined : { digest: twin, sizeBytes: twinBytes },
  };
}

/** The blobs of descriptors, as far as they are there and not damaged. */
export async function findManifestBlobs(tx: Db, descriptors: readonly Descriptor[]): Promise<ManifestBlobs> {
  const rows = await store.findBlobs(
    tx,
    descriptors.map(({ digest }) => digest),
  );
  return new Map(rows.map((row) => [row.asked, toBlob(row)]));
}

/**
 * The layers of a manifest in its order, with their compression, which is read and recorded if nobody knows it.
 *
 * @returns undefined when one of them is not there
 * @throws AppError `unavailable` when the bytes of one are damaged
 */
export async function readLayers(
  ctx: BlobNeeds,
  tx: Db,
  layers: readonly Descriptor[],
  blobs: ManifestBlobs,
): Promise<readonly KnownLayer[] | undefined> {
  const read = new Map<string, Compression>();
  const known: KnownLayer[] = [];
  for (const { digest } of layers) {
    const blob = blobs.get(digest);
    if (blob === undefined) return undefined;
    const compression = blob.compression ?? read.get(blob.digest) ?? compressionOf(await headOf(ctx, blob));
    if (blob.compression === undefined) read.set(blob.digest, compression);
    known.push({ ...blob, compression });
  }
  // After all reading: a reader that finds damage records it in the same rows.
  if (read.size > 0) {
    const found = [...read].map(([digest, compression]) => ({ digest, compression }));
    await store.setCompressions(tx, found);
  }
  return known;
}

/** A layer whose compression is known. */
type KnownLayer = ManifestBlob & { readonly compression: Compression };

/** A layer as it is served to engines that cannot read zstd. */
export interface ServedLayer {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly compression: Compression;
}

/** The layers without zstd; or why one cannot be read, or the layers that have to be unpacked before. */
type WithoutZstd =
  | { readonly found: readonly ServedLayer[] }
  | { readonly problem: string }
  | { readonly unread: readonly SizedBlobRef[] };

/** Puts the gzip twins of layers in zstd in their stead. */
function withoutZstd(layers: readonly KnownLayer[]): WithoutZstd {
  const broken = layers.find(({ problem }) => problem !== undefined);
  if (broken?.problem !== undefined) return { problem: `one of its layers cannot be read: ${broken.problem}` };
  const unread = layers.filter(({ compression, twin }) => compression === 'zstd' && twin === undefined);
  if (unread.length > 0) return { unread };
  return {
    found: layers.map(({ digest, sizeBytes, compression, twin }) =>
      compression === 'zstd' && twin !== undefined
        ? { ...twin, compression: 'gzip' }
        : { digest, sizeBytes, compression },
    ),
  };
}

/** The same, without zstd. @returns undefined when one of them is not there */
export async function readServed(
  ctx: BlobNeeds,
  tx: Db,
  layers: readonly Descriptor[],
  blobs: ManifestBlobs,
): Promise<WithoutZstd | undefined> {
  const known = await readLayers(ctx, tx, layers, blobs);
  return known === undefined ? undefined : withoutZstd(known);
}
