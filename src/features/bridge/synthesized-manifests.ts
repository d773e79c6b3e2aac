import { digestOf } from '../../platform/bytes/digest';
import type { Db } from '../../platform/db/db';
import { readManifest } from '../manifests/manifest-document';
import { MANIFEST_TYPES } from '../manifests/media-types';
import { recordManifest } from '../manifests/record-manifest';

/** A manifest of docker's schema 2 that Drydock computed. */
export interface SynthesizedManifest {
  readonly bytes: Buffer;
  /** the digests of its config and layers */
  readonly blobs: readonly string[];
}

/**
 * Records a manifest that Drydock computed.
 *
 * @returns its number
 */
export async function recordSynthesized(
  tx: Db,
  repositoryId: number,
  { bytes, blobs }: SynthesizedManifest,
): Promise<number> {
  const document = readManifest(bytes, MANIFEST_TYPES.dockerManifest);
  const manifest = { digest: digestOf(bytes), bytes, document, blobs, origin: 'synthesized' } as const;
  const { id } = await recordManifest(tx, repositoryId, manifest);
  return id;
}
