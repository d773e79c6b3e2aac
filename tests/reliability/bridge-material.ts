import { spawnSync } from 'node:child_process';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar } from '../features/images/tar/pack-tar';
import { createImage, pushImages, type TestImage } from '../helpers/images';
import type { Seeded } from '../helpers/seeded';
import { digestOf, imageOf, OCI_MANIFEST, pushBlob, type Described } from '../helpers/v2-client';

/* Images for both protocols that follow from a seed: two servers get the same ones, and must end equal. */

/** A server as the clients of the helpers address it. */
interface On {
  readonly server: string;
}

/** A layer without compression: an archive of one file, half of whose bytes gzip saves. */
export function tarOf(seeded: Seeded, name: string, kibibytes: number): Buffer {
  return packTar({ name, body: Buffer.from(seeded.bytes(name, kibibytes * 512).toString('hex')) });
}

/** What a program makes of bytes that it gets on its input. */
function through(program: string, args: readonly string[], input: Buffer): Buffer {
  const { status, stdout } = spawnSync(program, args, { input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${program} failed`);
  return stdout;
}

/** Compresses with a program that names the format. */
export function compress(program: 'xz' | 'zstd' | 'bzip2', bytes: Buffer): Buffer {
  return through(program, ['-1', '-c'], bytes);
}

const READERS = [
  ['1f8b', gunzipSync],
  ['fd377a585a00', (bytes: Buffer) => through('xz', ['-dc'], bytes)],
  ['28b52ffd', (bytes: Buffer) => through('zstd', ['-dc'], bytes)],
  ['425a68', (bytes: Buffer) => through('bzip2', ['-dc'], bytes)],
] as const;

/** The archive in a layer, by zlib and by the programs, not by ours. */
export function uncompressed(layer: Buffer): Buffer {
  const head = layer.subarray(0, 6).toString('hex');
  const reader = READERS.find(([magic]) => head.startsWith(magic));
  return reader === undefined ? layer : reader[1](layer);
}

/** A chain of v1 images, the base first; a shared base has the same ids in each. */
export function chainOf(
  seeded: Seeded,
  base: readonly TestImage[],
  layers: readonly (readonly [string, Buffer])[],
): TestImage[] {
  const chain = [...base];
  for (const [name, layer] of layers) {
    const parent = chain.at(-1)?.id;
    const id = seeded.bytes(`the id of ${name}`, 32).toString('hex');
    chain.push(createImage({ id, layer, ...(parent === undefined ? {} : { parent }) }));
  }
  return chain;
}

/** Pushes chains over v1, each with its tag. */
export async function pushChains(
  on: On,
  repository: string,
  chains: ReadonlyMap<string, readonly TestImage[]>,
): Promise<void> {
  for (const [tag, chain] of chains) await pushImages(on, repository, chain, { tag });
}

/** An image for v2, not pushed yet. */
export interface OciImage {
  readonly blobs: readonly Buffer[];
  readonly text: string;
  /** its manifest */
  readonly described: Described;
}

const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** An image for v2 of layers in gzip. */
export function ociImage(architecture: string, name: string, tars: readonly Buffer[]): OciImage {
  const config = Buffer.from(
    JSON.stringify({
      created: '2026-01-02T03:04:05Z',
      architecture,
      os: 'linux',
      config: { Cmd: [name] },
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
      history: tars.map((_tar, at) => ({ created: '2026-01-02T03:04:05Z', created_by: `RUN ${at}` })),
    }),
  );
  const layers = tars.map((tar) => gzipSync(tar, { level: 1 }));
  const described = (mediaType: string, bytes: Buffer | string): Described => {
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const manifest = imageOf(
    described('application/vnd.oci.image.config.v1+json', config),
    layers.map((layer) => described(GZIP, layer)),
  );
  const text = JSON.stringify(manifest);
  return { blobs: [config, ...layers], text, described: described(OCI_MANIFEST, text) };
}

/** Pushes the blobs of images over v2, each once. */
export async function pushBlobs(on: On, repository: string, images: readonly OciImage[]): Promise<void> {
  const blobs = new Map(images.flatMap((image) => image.blobs).map((blob) => [digestOf(blob), blob]));
  for (const blob of blobs.values()) await pushBlob(on, repository, blob);
}
