import { packTar } from '../../features/images/tar/pack-tar';
import { digestOf, OCI_INDEX, OCI_MANIFEST, type Described as Descriptor } from '../../helpers/v2-client';
import { directory, file } from '../entries';
import { compressBy, gzip, type Compressor } from './compression';

/* Images of v2 in all shapes. The layers of each are its own, because clients reuse layers that they have. */

const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_TAR = 'application/vnd.docker.image.rootfs.diff.tar';
export const DOCKER_GZIP = `${DOCKER_TAR}.gzip`;
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const OCI_TAR = 'application/vnd.oci.image.layer.v1.tar';

/** A manifest to be pushed. */
interface OddManifest {
  readonly type: string;
  readonly body: object;
}

/** What is pushed under a tag. */
export interface OddImage {
  readonly blobs: readonly Buffer[];
  /** what an index lists, to be pushed before it */
  readonly children: readonly OddManifest[];
  readonly manifest: OddManifest;
  /** the digest of its config; of an index, that of the image for linux on amd64 */
  readonly id: string;
  /** the layers of that image without compression, the base first */
  readonly tars: readonly Buffer[];
}

interface Layer {
  readonly type: string;
  readonly bytes: Buffer;
  readonly tar: Buffer;
}

/** Two layers that no other name has. */
export function tarsOf(name: string): [Buffer, Buffer] {
  const base = packTar(directory('bin'), file('bin/busybox', `busybox of ${name}\n`), file(`etc-${name}`, name));
  return [base, packTar(file(`hello-${name}`, 'world\n'))];
}

const CREATED = '2014-05-13T16:53:20Z';
/** An archive without files. */
export const EMPTY = Buffer.alloc(1024);

/** An archive without its trailer, as docker 0.6 to 1.2 sent it. */
export const withoutTrailer = (tar: Buffer): Buffer => tar.subarray(0, -EMPTY.length);

function configOf(tars: readonly Buffer[], more: object): object {
  return {
    architecture: 'amd64',
    os: 'linux',
    created: CREATED,
    config: { Cmd: ['/bin/busybox', 'sh'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
    history: tars.map((_, at) => ({ created: CREATED, created_by: `step ${at}` })),
    ...more,
  };
}

const descriptorOf = (mediaType: string, bytes: Buffer): Descriptor => ({
  mediaType,
  size: bytes.length,
  digest: digestOf(bytes),
});

interface Shape {
  readonly type?: string;
  /** what differs from an ordinary config; undefined values are left out */
  readonly config?: object;
  /** what differs from an ordinary manifest */
  readonly manifest?: object;
}

function imageOf(layers: readonly Layer[], { type = DOCKER_MANIFEST, config = {}, manifest = {} }: Shape): OddImage {
  const tars = layers.map(({ tar }) => tar);
  const configBytes = Buffer.from(JSON.stringify(configOf(tars, config)));
  const body = {
    schemaVersion: 2,
    mediaType: type,
    config: descriptorOf(type === OCI_MANIFEST ? OCI_CONFIG : DOCKER_CONFIG, configBytes),
    layers: layers.map((layer) => descriptorOf(layer.type, layer.bytes)),
    ...manifest,
  };
  const blobs = [configBytes, ...layers.map(({ bytes }) => bytes)];
  return { blobs, children: [], manifest: { type, body }, id: digestOf(configBytes), tars };
}

/** Compresses a layer. */
export type Encode = (tar: Buffer) => Buffer;

/** Creates an image of which no other name has a layer. */
export type Create = (name: string) => OddImage;

export const plain: Encode = (tar) => tar;
export const by =
  (program: Compressor): Encode =>
  (tar) =>
    compressBy(program, tar);

const layersOf = (tars: readonly Buffer[], type: string, encode: Encode): Layer[] =>
  tars.map((tar) => ({ type, bytes: encode(tar), tar }));

/** An image of docker, whose two layers have a media type and an encoding that may not fit. */
export function dockerImage(shape: Shape = {}, type = DOCKER_GZIP, encode: Encode = gzip): Create {
  return (name) => imageOf(layersOf(tarsOf(name), type, encode), shape);
}

/** The same, as OCI writes it. */
export function ociImage(shape: Shape = {}, suffix = '+gzip', encode: Encode = gzip): Create {
  return dockerImage({ type: OCI_MANIFEST, ...shape }, `${OCI_TAR}${suffix}`, encode);
}

/** An image of docker with other layers than the two of its name. */
export function layersFrom(choose: (base: Buffer, top: Buffer) => readonly Buffer[]): Create {
  return (name) => imageOf(layersOf(choose(...tarsOf(name)), DOCKER_GZIP, gzip), {});
}

/** The last layer has no bytes at all. */
export const zeroBytes: Create = (name) => {
  const [base] = tarsOf(name);
  const nothing = Buffer.alloc(0);
  return imageOf([...layersOf([base], DOCKER_GZIP, gzip), ...layersOf([nothing], DOCKER_TAR, plain)], {});
};

/** So many small layers. */
export function deepTars(count: number, name: string): Buffer[] {
  return Array.from({ length: count }, (_, at) => packTar(file(`file-${at}`, `${name} ${at}`)));
}

/** An image of so many small layers. */
export const deep =
  (count: number): Create =>
  (name) =>
    imageOf(layersOf(deepTars(count, name), DOCKER_GZIP, gzip), {});

/** The config names a diff_id that its second layer does not have. */
export const wrongDiffId: Create = (name) => {
  const diffIds = [digestOf(tarsOf(name)[0]), `sha256:${'0'.repeat(64)}`];
  return dockerImage({ config: { rootfs: { type: 'layers', diff_ids: diffIds } } })(name);
};

/** The descriptors of the config and the layers have no sizes. */
export const withoutSizes: Create = (name) => {
  const image = dockerImage()(name);
  const drop = ({ size: _, ...rest }: Descriptor) => rest;
  const { config, layers, ...body } = image.manifest.body as { config: Descriptor; layers: Descriptor[] };
  const changed = { ...body, config: drop(config), layers: layers.map(drop) };
  return { ...image, manifest: { ...image.manifest, body: changed } };
};

/** Not an image at all. */
export const artifact: Create = (name) => {
  const bytes = Buffer.from(name);
  const empty = Buffer.from('{}');
  const body = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: 'application/vnd.example',
    config: descriptorOf('application/vnd.oci.empty.v1+json', empty),
    layers: [descriptorOf('text/plain', bytes)],
  };
  return { blobs: [empty, bytes], children: [], manifest: { type: OCI_MANIFEST, body }, id: digestOf(empty), tars: [] };
};

/** What buildx attaches to an image: it looks like one for an unknown platform. */
function attestationOf(name: string): OddImage {
  const statement = Buffer.from(JSON.stringify({ subject: name }));
  const layer = { type: 'application/vnd.in-toto+json', bytes: statement, tar: statement };
  return imageOf([layer], { type: OCI_MANIFEST, config: { architecture: 'unknown', os: 'unknown', config: {} } });
}

const described = ({ manifest: { type, body } }: OddImage): Descriptor =>
  descriptorOf(type, Buffer.from(JSON.stringify(body)));

interface Entry {
  readonly platform: { readonly architecture: string; readonly os: string };
  readonly annotations?: object;
}

const platform = (architecture: string, os = 'linux'): Entry => ({ platform: { architecture, os } });

function indexOf(type: string, images: readonly OddImage[], entries: readonly Entry[]): OddImage {
  const manifests = images.map((image, at) => ({ ...described(image), ...entries[at] }));
  const usual = images[entries.findIndex(({ platform: { architecture } }) => architecture === 'amd64')];
  return {
    blobs: images.flatMap(({ blobs }) => blobs),
    children: images.map(({ manifest }) => manifest),
    manifest: { type, body: { schemaVersion: 2, mediaType: type, manifests } },
    id: usual?.id ?? '',
    tars: usual?.tars ?? [],
  };
}

/** A list of docker with an image for arm64, and perhaps one for amd64 after it. */
export function dockerList(architectures: readonly ('arm64' | 'amd64')[]): Create {
  return (name) => {
    const images = architectures.map((architecture) =>
      dockerImage({ config: { architecture } })(`${name}-${architecture}`),
    );
    return indexOf(
      DOCKER_LIST,
      images,
      architectures.map((architecture) => platform(architecture)),
    );
  };
}

/** An index as buildx pushes it: for arm64, for amd64, and the attestation of the latter. */
export const builtIndex: Create = (name) => {
  const images = [
    ociImage({ config: { architecture: 'arm64' } })(`${name}-arm64`),
    ociImage()(`${name}-amd64`),
    attestationOf(name),
  ];
  const annotations = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': described(images[1]!).digest,
  };
  const entries = [platform('arm64'), platform('amd64'), { ...platform('unknown', 'unknown'), annotations }];
  return indexOf(OCI_INDEX, images, entries);
};
