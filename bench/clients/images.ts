import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeTar } from '../../src/platform/tar/write-tar';

/** One image of a chain, as a v1 engine sends it. */
export interface V1Image {
  readonly id: string;
  /** exactly what goes over the wire */
  readonly json: string;
  /** of the layer, below the folder of the chain */
  readonly file: string;
}

/** A chain on disk. The same files also make a folder for skopeo's `dir:` transport. */
export interface ImageFolder {
  readonly dir: string;
  /** base first */
  readonly images: readonly V1Image[];
  readonly totalBytes: number;
  /** the Docker schema 2 manifest of the same layers */
  readonly manifest: string;
  /** file names are hex digests */
  readonly config: { readonly file: string; readonly bytes: Buffer };
}

const CREATED = new Date('2014-05-13T16:53:20Z');
const INDEX_FILE = 'v1-images';

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** A tar with one file that does not compress. */
function tarOf(name: string, sizeBytes: number): Buffer {
  return writeTar([{ name, body: randomBytes(sizeBytes) }], CREATED);
}

/** About as much as an engine writes of a build step. */
function imageJson(id: string, parent: string | undefined, step: number): string {
  const config = {
    Hostname: id.slice(0, 12),
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
    Cmd: ['/bin/sh', '-c', `#(nop) ADD file:${id} in /srv/step-${step}`],
    WorkingDir: '/srv',
    Image: parent ?? '',
  };
  const parents = parent === undefined ? {} : { parent };
  return JSON.stringify({
    id,
    ...parents,
    created: '2015-02-10T18:00:00.123456789Z',
    container: id,
    container_config: config,
    docker_version: '1.5.0',
    config,
    architecture: 'amd64',
    os: 'linux',
  });
}

/** Writes a chain of new images with gzipped layers of incompressible bytes. */
export async function createImageFolder(
  dir: string,
  options: { layers: number; layerBytes: number },
): Promise<ImageFolder> {
  const images: V1Image[] = [];
  const layers: { digest: string; diffId: string; size: number }[] = [];
  for (let step = 0; step < options.layers; step += 1) {
    const tar = tarOf(`srv/step-${step}`, options.layerBytes);
    const layer = gzipSync(tar, { level: 1 });
    const file = sha256(layer);
    await writeFile(path.join(dir, file), layer);
    const id = randomBytes(32).toString('hex');
    images.push({ id, json: imageJson(id, images.at(-1)?.id, step), file });
    layers.push({ digest: `sha256:${file}`, diffId: `sha256:${sha256(tar)}`, size: layer.length });
  }
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      history: layers.map(() => ({ created: '2015-02-10T18:00:00Z', created_by: '/bin/sh -c #(nop) ADD' })),
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    }),
  );
  const manifest = manifestOf(config, layers);
  const configFile = sha256(config);
  await writeFile(path.join(dir, configFile), config);
  await writeFile(path.join(dir, 'manifest.json'), manifest);
  await writeFile(path.join(dir, 'version'), 'Directory Transport Version: 1.1\n');
  await writeFile(path.join(dir, INDEX_FILE), JSON.stringify(images));
  const totalBytes = layers.reduce((sum, { size }) => sum + size, 0);
  return { dir, images, totalBytes, manifest, config: { file: configFile, bytes: config } };
}

export const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

function manifestOf(config: Buffer, layers: readonly { digest: string; size: number }[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: config.length,
      digest: `sha256:${sha256(config)}`,
    },
    layers: layers.map(({ digest, size }) => ({
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      size,
      digest,
    })),
  });
}

/** The images of a folder that `createImageFolder` wrote. */
export async function readImages(dir: string): Promise<V1Image[]> {
  return JSON.parse(await readFile(path.join(dir, INDEX_FILE), 'utf8')) as V1Image[];
}
