/** The media types of manifests that can be pushed (OCI image specification 1.1, docker's image manifest version 2, schema 2). */
export const MANIFEST_TYPES = {
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
} as const;

/** The media type of docker's configs of images. */
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';

const ALL = new Set<string>(Object.values(MANIFEST_TYPES));
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** A media type without its parameters, in lower case. */
export function bareType(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

/** Whether manifests of this type can be pushed. */
export function isManifestType(mediaType: string): boolean {
  return ALL.has(mediaType);
}

/** Whether it lists other manifests. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MANIFEST_TYPES.ociIndex || mediaType === MANIFEST_TYPES.dockerList;
}

/** Whether it is docker's first format, which only engines that use v1 here can read. */
export function isSchema1(mediaType: string): boolean {
  return SCHEMA_1.test(mediaType);
}

const FOREIGN = new Set([
  'application/vnd.docker.image.rootfs.foreign.diff.tar',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
]);

/** Whether clients do not push layers of this type, because its licence forbids that. */
export function isForeignLayer(mediaType: string): boolean {
  return FOREIGN.has(mediaType) || mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.');
}
