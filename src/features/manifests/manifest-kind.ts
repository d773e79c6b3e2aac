import type { Descriptor } from './manifest-document';
import { DOCKER_CONFIG, isIndexType, MANIFEST_TYPES } from './media-types';

/**
 * The kinds of manifests, as users see them: an image, an index of images, or something else that clients keep in
 * registries.
 */
export type ManifestKind = 'docker-image' | 'oci-image' | 'docker-index' | 'oci-index' | 'artifact';

const IMAGE_CONFIGS = new Set<string>([DOCKER_CONFIG, 'application/vnd.oci.image.config.v1+json']);

/** Whether it is the config of an image that a container can be started from. */
export function isImageConfig(mediaType: string): boolean {
  return IMAGE_CONFIGS.has(mediaType);
}

/** @param artifactType - as `ManifestDocument` has it: its own type, or the media type of its config */
export function kindOf(mediaType: string, artifactType: string | undefined): ManifestKind {
  if (mediaType === MANIFEST_TYPES.dockerList) return 'docker-index';
  if (isIndexType(mediaType)) return artifactType === undefined ? 'oci-index' : 'artifact';
  if (artifactType !== undefined && !isImageConfig(artifactType)) return 'artifact';
  return mediaType === MANIFEST_TYPES.dockerManifest ? 'docker-image' : 'oci-image';
}

/** Whether an index lists this manifest as a statement about another one (BuildKit), not for a platform. */
export function isAttestation({ annotations, platform }: Descriptor): boolean {
  if (annotations?.['vnd.docker.reference.type'] === 'attestation-manifest') return true;
  return platform?.os === 'unknown' && platform.architecture === 'unknown';
}

const PART_CHARACTERS = 32;

/**
 * The platform of a manifest in an index, as clients write it: `linux/arm64/v8`.
 *
 * @returns undefined when the index does not say it, and for attestations
 */
export function platformOf(listed: Descriptor): string | undefined {
  const { platform } = listed;
  if (platform === null || platform === undefined || isAttestation(listed)) return undefined;
  const parts = [platform.os, platform.architecture, platform.variant ?? undefined];
  const said = parts.filter((part) => part !== undefined && part !== '').map((part) => part?.slice(0, PART_CHARACTERS));
  return said.length === 0 ? undefined : said.join('/');
}
