import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { compressBy } from '../crossing/odd/compression';
import { packTar } from '../features/images/tar/pack-tar';
import { createImage, type TestImage } from '../helpers/images';
import { platformOf } from '../helpers/index-images';
import type { Seeded } from '../helpers/seeded';
import { digestOf, imageOf, OCI_INDEX, OCI_MANIFEST, type Described } from '../helpers/v2-client';
import { zstdOf } from '../helpers/zstd';

/* Images for both protocols that follow from a seed: two servers get the same ones, and must end equal. */

/** A layer without compression: an archive of one file, half of whose bytes gzip saves. */
export function tarOf(seeded: Seeded, name: string, kibibytes: number): Buffer {
  return packTar({ name, body: Buffer.from(seeded.bytes(name, kibibytes * 512).toString('hex')) });
}

/** How layers arrive, and what of them needs a copy in gzip for some clients. */
export const ENCODINGS = {
  gzip: (tar: Buffer): Buffer => gzipSync(tar, { level: 1 }),
  plain: (tar: Buffer): Buffer => tar,
  zstd: zstdOf,
  xz: (tar: Buffer): Buffer => compressBy('xz', tar),
  bzip2: (tar: Buffer): Buffer => compressBy('bzip2', tar),
  empty: (): Buffer => Buffer.alloc(0),
} as const;

export type Encoding = keyof typeof ENCODINGS;

/** A chain of v1 images, the base first; a shared base has the same ids in each. */
export function chainOf(
  seeded: Seeded,
  base: readonly TestImage[],
  layers: readonly (readonly [name: string, layer: Buffer])[],
): TestImage[] {
  const chain = [...base];
  for (const [name, layer] of layers) {
    const parent = chain.at(-1)?.id;
    const id = seeded.bytes(`the id of ${name}`, 32).toString('hex');
    chain.push(createImage({ id, layer, ...(parent === undefined ? {} : { parent }) }));
  }
  return chain;
}

/** Something for v2 that is not pushed yet, with what has to be there before. */
export interface Unpushed {
  readonly blobs: readonly Buffer[];
  readonly children: readonly Unpushed[];
  readonly text: string;
  /** its manifest */
  readonly described: Described;
}

/** A layer of an image for v2. */
export interface NewLayer {
  readonly tar: Buffer;
  readonly encoding: 'gzip' | 'zstd';
}

const described = (mediaType: string, bytes: Buffer | string): Described => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});

/** An image for v2. */
export function ociImage(architecture: string, name: string, layers: readonly NewLayer[]): Unpushed {
  const config = Buffer.from(
    JSON.stringify({
      created: '2026-01-02T03:04:05Z',
      architecture,
      os: 'linux',
      config: { Cmd: [name] },
      rootfs: { type: 'layers', diff_ids: layers.map(({ tar }) => digestOf(tar)) },
      history: layers.map((_layer, at) => ({ created: '2026-01-02T03:04:05Z', created_by: `RUN ${at}` })),
    }),
  );
  const packed = layers.map(({ tar, encoding }) => ({ encoding, bytes: ENCODINGS[encoding](tar) }));
  const manifest = imageOf(
    described('application/vnd.oci.image.config.v1+json', config),
    packed.map(({ encoding, bytes }) => described(`application/vnd.oci.image.layer.v1.tar+${encoding}`, bytes)),
  );
  const text = JSON.stringify(manifest);
  const blobs = [config, ...packed.map(({ bytes }) => bytes)];
  return { blobs, children: [], text, described: described(OCI_MANIFEST, text) };
}

/** An index of images, by their platforms. */
export function ociIndex(images: Readonly<Record<string, Unpushed>>): Unpushed {
  const manifests = Object.entries(images).map(([platform, image]) => ({
    ...image.described,
    ...platformOf(platform),
  }));
  const text = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  return { blobs: [], children: Object.values(images), text, described: described(OCI_INDEX, text) };
}

const diffIds = new Map<string, string>();

/** The digest of the archive in a layer, which is unpacked by zlib and by the programs of others. */
export function diffIdOf(layer: Buffer, unpack: (layer: Buffer) => Buffer): string {
  const key = createHash('sha256').update(layer).digest('hex');
  const known = diffIds.get(key) ?? digestOf(unpack(layer));
  diffIds.set(key, known);
  return known;
}
