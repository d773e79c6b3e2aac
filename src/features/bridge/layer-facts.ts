import { gunzipStored } from '../../blobs/unpacking';
import { compressionOf, damageIn, LONGEST_MAGIC, type Compression } from '../../platform/bytes/compression';
import { SharedWork } from '../../platform/cache/shared-work';
import { keepBlob, type BlobNeeds, type SizedBlobRef } from '../storage/blobs';
import { openBlob, readBlob } from '../storage/damage';
import { needsTwin } from '../storage/read-layers';
import * as store from './layer-facts.store';
import { createTwin, type TwinNeeds } from './twins';

/*
 * What clients of v2 must know of a layer (bridge 8.3): the digest of its uncompressed bytes, its diff_id; and for a
 * compression that some clients cannot read, the same bytes in gzip, its twin. Both are computed once and stored: the
 * digest of a twin depends on the version of zlib. Most layers are described while they arrive; this is for the others.
 */

/** More than any image has, and a few bytes can expand to it. */
const LONGEST_TAR_BYTES = 64 * 1024 ** 3;
const TOO_LARGE = 'the layer is larger than 64 GiB without compression';

/** The first bytes of a layer, which say how it is compressed. */
export async function headOf(ctx: BlobNeeds, layer: SizedBlobRef): Promise<Buffer> {
  if (layer.sizeBytes === 0) return Buffer.alloc(0);
  return readBlob(ctx, layer, { start: 0, end: Math.min(LONGEST_MAGIC, layer.sizeBytes) - 1 });
}

/** The media type under which a manifest lists a layer. */
export function layerType(compression: Compression | null): string {
  const tar = 'application/vnd.docker.image.rootfs.diff.tar';
  return compression === 'gzip' ? `${tar}.gzip` : tar;
}

type DiffId = { readonly diffId: string } | { readonly problem: string };

async function diffIdOf(ctx: TwinNeeds, layer: SizedBlobRef, compression: Compression): Promise<DiffId> {
  if (compression === 'none') return { diffId: layer.digest };
  const found = await gunzipStored((await openBlob(ctx, layer)) as AsyncIterable<Buffer>, LONGEST_TAR_BYTES);
  if ('digest' in found) return { diffId: found.digest };
  return { problem: found.reason === 'damaged' ? damageIn(compression) : TOO_LARGE };
}

function factsFrom(layer: SizedBlobRef, compression: Compression, found: DiffId): store.NewFacts {
  return {
    digest: layer.digest,
    compression,
    diffId: 'diffId' in found ? found.diffId : undefined,
    problem: 'problem' in found ? found.problem : undefined,
    twinDigest: undefined,
  };
}

async function describe(ctx: TwinNeeds, layer: SizedBlobRef): Promise<void> {
  const compression = compressionOf(await headOf(ctx, layer));
  if (!needsTwin(layer.sizeBytes, compression)) {
    await store.updateFacts(ctx.db, factsFrom(layer, compression, await diffIdOf(ctx, layer, compression)));
    return;
  }
  const twin = await createTwin(ctx, layer, LONGEST_TAR_BYTES);
  const facts = factsFrom(layer, compression, twin);
  if ('problem' in twin) await store.updateFacts(ctx.db, facts);
  else await keepBlob(ctx, twin.blob, (tx) => store.updateFacts(tx, { ...facts, twinDigest: twin.blob.digest }));
}

/** Layers that this process is reading; equal ones are read once. */
const running = new SharedWork<string>();

/**
 * Reads a layer and records what it is, unless that is known.
 *
 * @throws AppError `unavailable` when the layer is damaged
 */
export async function describeLayer(ctx: TwinNeeds, layer: SizedBlobRef): Promise<void> {
  return running.run(layer.digest, () => describe(ctx, layer));
}

/** So many failures are an outage. */
const MOST_FAILURES = 100;

/**
 * Reads all layers of v1 that nobody has read yet, the latest first, so that their first pull over v2 need not wait. One
 * that cannot be read now is left for the next run.
 *
 * @returns how many were read
 */
export async function describeLayers(ctx: TwinNeeds, signal: AbortSignal): Promise<number> {
  const failed: string[] = [];
  for (let done = 0; ; done += 1) {
    const layer = signal.aborted ? undefined : await store.findUnread(ctx.db, failed);
    if (layer === undefined || failed.length === MOST_FAILURES) return done - failed.length;
    const { digest, storage_key: storageKey, size_bytes: sizeBytes } = layer;
    try {
      await describeLayer(ctx, { digest, storageKey, sizeBytes });
    } catch (error) {
      failed.push(digest);
      ctx.log.warn({ err: error, digest }, 'a layer could not be read for clients of v2');
    }
  }
}
