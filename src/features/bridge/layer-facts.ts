import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { createGzip } from 'node:zlib';
import { compressionOf, LONGEST_MAGIC, type Compression } from '../../platform/bytes/compression';
import { decompress } from '../images/tar/decompress';
import { TarError } from '../images/tar/tar-error';
import { keepBlob, type SizedBlobRef } from '../storage/blobs';
import type { TwinNeeds } from './twins';
import { openBlob, readBlob } from '../storage/damage';
import * as store from './layer-facts.store';

/*
 * What clients of v2 must know of a layer (bridge 8.3): the digest of its uncompressed bytes, its diff_id; and for a
 * compression that today's clients cannot read, the same bytes in gzip, its twin. Both are computed once and stored: the
 * digest of a twin depends on the version of zlib.
 */

/** More than any image has, and a few bytes can expand to it. */
const LONGEST_TAR_BYTES = 64 * 1024 ** 3;

/** The first bytes of a layer, which say how it is compressed. */
export async function headOf(ctx: TwinNeeds, layer: SizedBlobRef): Promise<Buffer> {
  if (layer.sizeBytes === 0) return Buffer.alloc(0);
  return readBlob(ctx, layer, { start: 0, end: Math.min(LONGEST_MAGIC, layer.sizeBytes) - 1 });
}

/** Whether some of today's clients cannot read the layer as it is: containerd reads neither xz nor no bytes at all. */
function needsTwin(layer: SizedBlobRef, compression: Compression): boolean {
  return layer.sizeBytes === 0 || compression === 'xz' || compression === 'zstd';
}

/** Reads the whole layer; its uncompressed bytes also go to `twin`. */
async function diffIdOf(ctx: TwinNeeds, layer: SizedBlobRef, twin: NodeJS.WritableStream | undefined): Promise<string> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of decompress((await openBlob(ctx, layer)) as AsyncIterable<Buffer>)) {
    sizeBytes += chunk.length;
    if (sizeBytes > LONGEST_TAR_BYTES) throw new TarError('the layer is larger than 64 GiB without compression');
    hash.update(chunk);
    if (twin?.write(chunk) === false) await new Promise((resolve) => twin.once('drain', resolve));
  }
  twin?.end();
  return `sha256:${hash.digest('hex')}`;
}

async function describeWithTwin(ctx: TwinNeeds, layer: SizedBlobRef, compression: Compression): Promise<void> {
  const gzip = createGzip({ level: 6 });
  const bytes = gzip.pipe(new PassThrough());
  const writing = ctx.blobs.write(bytes as AsyncIterable<Buffer>);
  const diffId = await diffIdOf(ctx, layer, gzip).catch(async (error: unknown) => {
    bytes.destroy(new Error('the layer cannot be read', { cause: error }));
    await writing.catch(() => undefined);
    throw error;
  });
  const twin = await writing;
  await keepBlob(ctx, twin, (tx) =>
    store.updateFacts(tx, { digest: layer.digest, compression, diffId, problem: undefined, twinDigest: twin.digest }),
  );
}

async function describe(ctx: TwinNeeds, layer: SizedBlobRef): Promise<void> {
  const compression = compressionOf(await headOf(ctx, layer));
  const facts = { digest: layer.digest, compression, twinDigest: undefined };
  try {
    if (needsTwin(layer, compression)) {
      await describeWithTwin(ctx, layer, compression);
      return;
    }
    const diffId = await diffIdOf(ctx, layer, undefined);
    await store.updateFacts(ctx.db, { ...facts, diffId, problem: undefined });
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    await store.updateFacts(ctx.db, { ...facts, diffId: undefined, problem: error.message });
  }
}

/** Layers that this process is reading; equal ones are read once. */
const running = new Map<string, Promise<void>>();

/**
 * Reads a layer and records what it is, unless that is known.
 *
 * @throws AppError `unavailable` when the layer is damaged
 */
export async function describeLayer(ctx: TwinNeeds, layer: SizedBlobRef): Promise<void> {
  const known = running.get(layer.digest);
  if (known !== undefined) return known;
  const work = describe(ctx, layer).finally(() => running.delete(layer.digest));
  running.set(layer.digest, work);
  return work;
}

const AT_ONCE = 100;

/**
 * Reads all layers of v1 images that nobody has read yet, so that their first pull over v2 need not wait. One that cannot
 * be read now is left for the next run.
 *
 * @returns how many were read
 */
export async function describeLayers(ctx: TwinNeeds, signal: AbortSignal): Promise<number> {
  let done = 0;
  let after = '';
  for (;;) {
    const layers = await store.listUndescribed(ctx.db, after, AT_ONCE);
    for (const { digest, storage_key: storageKey, size_bytes: sizeBytes } of layers) {
      if (signal.aborted) return done;
      try {
        await describeLayer(ctx, { digest, storageKey, sizeBytes });
        done += 1;
      } catch (error) {
        ctx.log.warn({ err: error, digest }, 'a layer could not be read for clients of v2');
      }
    }
    const last = layers.at(-1);
    if (last === undefined) return done;
    after = last.digest;
  }
}
