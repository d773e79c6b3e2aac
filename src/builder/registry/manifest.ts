import { z } from 'zod';

const descriptor = z.object({
  mediaType: z.string(),
  size: z.number(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});

/** What a manifest refers to. */
export type Descriptor = z.infer<typeof descriptor>;

export const imageManifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor),
});

export type ImageManifest = z.infer<typeof imageManifest>;

const platform = z.object({ os: z.string(), architecture: z.string() });

export const imageIndex = z.object({ manifests: z.array(descriptor.extend({ platform: platform.optional() })) });

/** The part of an image's config that says what its layers are when they are unpacked. */
export const imageConfig = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** Manifests first: an index is only for images of several platforms. */
export const ACCEPTED = [
  DOCKER_MANIFEST,
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ');

/** Types of layers in a manifest of docker; undefined: docker's manifests cannot have it. */
const DOCKER_LAYERS: Readonly<Record<string, string>> = {
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  'application/vnd.oci.image.layer.v1.tar+gzip': 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};

/** The same layer for a manifest in docker's format. */
export function asDockerLayer(layer: Descriptor): Descriptor | undefined {
  const mediaType = DOCKER_LAYERS[layer.mediaType];
  return mediaType === undefined ? undefined : { mediaType, size: layer.size, digest: layer.digest };
}
