import { DOCKER_CONFIG, MANIFEST_TYPES } from '../manifests/media-types';

/* Docker's manifest of schema 2, which every client reads that speaks v2 here (bridge 1). */

/** A layer as a manifest describes it. */
export interface LayerDescriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
}

/** The manifest of a config and layers, exactly as docker writes it. */
export function dockerManifest(
  config: { readonly size: number; readonly digest: string },
  layers: readonly LayerDescriptor[],
): Buffer {
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPES.dockerManifest,
    config: { mediaType: DOCKER_CONFIG, size: config.size, digest: config.digest },
    layers: layers.map(({ mediaType, size, digest }) => ({ mediaType, size, digest })),
  };
  return Buffer.from(JSON.stringify(document, undefined, 3));
}
