import type { DebianClient } from '../../clients/installed-client';
import type { Compressor } from './compression';
import {
  artifact,
  builtIndex,
  by,
  deep,
  dockerImage,
  dockerList,
  DOCKER_GZIP,
  DOCKER_TAR,
  EMPTY,
  layersFrom,
  ociImage,
  plain,
  withoutSizes,
  withoutTrailer,
  wrongDiffId,
  zeroBytes,
  type Create,
} from './shapes';

/** An image of v2 as no builder should write it, but some do; and what becomes of it. */
export interface OddRow {
  readonly name: string;
  readonly create: Create;
  /** a program without which it cannot be created */
  readonly needs?: Compressor;
  /** why v1 clients do not get it; undefined: they do */
  readonly hidden?: string;
  /** what the clients say that refuse it */
  readonly refused?: Partial<Record<DebianClient, RegExp>>;
  /** the clients that try; undefined: all */
  readonly clients?: readonly DebianClient[];
}

const history = (...entries: readonly object[]) => ({ config: { history: entries } });
const line = (text: string, more: object = {}) => ({ created_by: text, ...more });
const nothing = (text: string) => line(text, { empty_layer: true });

/** What podman and buildah say, which unpack what they pull. */
const byStores = (refusal: RegExp) => ({ podman: refusal, buildah: refusal });
/** What all say that use the library of containers. */
const byContainers = (refusal: RegExp) => ({ ...byStores(refusal), skopeo: refusal });

const LEFTOVERS = {
  id: 'ef'.repeat(32),
  parent: 'cd'.repeat(32),
  container: 'ab'.repeat(32),
  container_config: { Cmd: ['sh'] },
  docker_version: '1.0.1',
  author: 'A',
  Size: 12,
};

/** The rows of bridge 7, with its columns for docker 20.10 and podman 4.3. */
const SHAPES: readonly OddRow[] = [
  { name: 'gzip', create: dockerImage() },
  { name: 'plain', create: dockerImage({}, DOCKER_TAR, plain) },
  { name: 'plain-called-gzip', create: dockerImage({}, DOCKER_GZIP, plain) },
  { name: 'gzip-called-plain', create: dockerImage({}, DOCKER_TAR) },
  { name: 'xz', needs: 'xz', create: dockerImage({}, DOCKER_GZIP, by('xz')) },
  { name: 'bzip2', needs: 'bzip2', create: dockerImage({}, DOCKER_GZIP, by('bzip2')) },
  // docker reads zstd from version 23 on; 20.10 gets it in gzip.
  { name: 'zstd-called-gzip', needs: 'zstd', create: dockerImage({}, DOCKER_GZIP, by('zstd')) },
  { name: 'no-history', create: dockerImage({ config: { history: undefined } }) },
  { name: 'short-history', create: dockerImage(history(line('only one'))) },
  {
    name: 'long-history',
    create: dockerImage(history(line('1'), line('2'), line('3'), line('4'))),
    refused: { docker: /too many non-empty layers in History section/ },
  },
  { name: 'empty-history', create: dockerImage(history(line('a'), nothing('ENV'), line('b'), nothing('CMD'))) },
  // skopeo would copy it to a registry or a layout; here it copies to a folder, where the size counts.
  { name: 'no-sizes', create: withoutSizes, refused: byContainers(/size mismatch/i) },
  {
    name: 'no-media-type',
    create: dockerImage({ manifest: { mediaType: undefined } }),
    refused: { docker: /mediaType in manifest should be/, ...byContainers(/unsupported docker v2s2 media type/) },
  },
  { name: 'no-created', create: dockerImage({ config: { created: undefined } }) },
  { name: 'no-platform', create: dockerImage({ config: { architecture: undefined, os: undefined } }) },
  { name: 'v1-leftovers', create: dockerImage({ config: LEFTOVERS }) },
  { name: 'no-trailer', create: layersFrom((base, top) => [withoutTrailer(base), withoutTrailer(top)]) },
  { name: 'empty-layer', create: layersFrom((base, top) => [base, EMPTY, top]) },
  { name: 'empty-layer-twice', create: layersFrom((base) => [EMPTY, base, EMPTY]) },
  { name: 'zero-bytes', create: zeroBytes },
  // The others do not compare.
  { name: 'wrong-diff-id', create: wrongDiffId, refused: { docker: /layers from manifest don't match image config/ } },
  { name: 'oci', create: ociImage() },
  { name: 'oci-no-media-type', create: ociImage({ manifest: { mediaType: undefined } }) },
  { name: 'oci-plain', create: ociImage({}, '', plain) },
  { name: 'oci-zstd', needs: 'zstd', create: ociImage({}, '+zstd', by('zstd')) },
  { name: 'oci-xz', needs: 'xz', create: ociImage({}, '+gzip', by('xz')) },
  {
    name: 'artifact',
    create: artifact,
    hidden: 'it is an artifact, not an image',
    refused: { docker: /unsupported media type/, ...byStores(/unsupported image-specific operation on artifact/) },
  },
  {
    name: 'deep',
    create: deep(130),
    hidden: 'it has more than 127 layers',
    refused: { docker: /max depth exceeded/ },
    clients: ['docker', 'podman', 'skopeo'], // podman and buildah write and sync a file with all layers for each layer
  },
  { name: 'index', create: builtIndex },
  { name: 'list', create: dockerList(['arm64', 'amd64']) },
  {
    name: 'list-without-amd64',
    create: dockerList(['arm64']),
    hidden: 'it has no image for linux on amd64',
    refused: {
      docker: /no matching manifest for linux\/amd64/,
      ...byContainers(/no image found in manifest list for architecture amd64/),
    },
  },
];

/** The rows of bridge 9 about the config: engines get json that they can read, also if the config is not. */
const CONFIGS: readonly OddRow[] = [
  {
    name: 'command-as-text',
    create: dockerImage({ config: { config: { Cmd: 'sh', Entrypoint: '/bin/busybox' } } }),
    refused: byStores(/cannot unmarshal string into Go struct field ImageConfig/),
  },
  {
    name: 'created-yesterday',
    create: dockerImage({ config: { created: 'yesterday' } }),
    refused: { docker: /parsing time/, ...byStores(/parsing time/) },
  },
  { name: 'null-lists', create: dockerImage({ config: { config: { Cmd: null, Env: null, ExposedPorts: null } } }) },
  { name: 'null-config', create: dockerImage({ config: { config: null } }) },
];

export const ODD_IMAGES = [...SHAPES, ...CONFIGS];
